import { Routes } from '@angular/router';

const live = () => import('./features/live/live').then((module) => module.Live);

export const routes: Routes = [
  { path: '', pathMatch: 'full', redirectTo: 'live' },
  { path: 'live', loadComponent: live },
  { path: 'live/:symbol', loadComponent: live },
  {
    path: 'about',
    title: 'About · Causal Alpha',
    loadComponent: () => import('./features/about/about').then((module) => module.About),
  },
  { path: '**', redirectTo: 'live' },
];
