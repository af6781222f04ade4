import { ApplicationConfig, provideBrowserGlobalErrorListeners, provideZonelessChangeDetection } from '@angular/core';
import { provideRouter, withComponentInputBinding, withNavigationErrorHandler } from '@angular/router';

import { routes } from './app.routes';
import { reloadOnce } from './core/upgrade/reload-once';

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideZonelessChangeDetection(),
    provideRouter(
      routes,
      withComponentInputBinding(),
      withNavigationErrorHandler(({ error, url }) => {
        // The address the reader wanted, so that the reload lands there.
        history.replaceState(null, '', new URL(url.replace(/^\//, ''), document.baseURI));
        reloadOnce(error);
      }),
    ),
  ],
};
