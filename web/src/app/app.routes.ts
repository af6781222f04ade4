import { Routes } from '@angular/router';

const live = () => import('./features/live/live').then((module) => module.Live);

export const routes: Routes = [
  { path: '', pathMatch: 'full', redirectTo: 'live' },
  { path: 'live', loadComponent: live },
  { path: 'live/:symbol', loadComponent: live },
  {
    path: 'models',
    title: 'Models · Causal Alpha',
    loadComponent: () => import('./features/models/models').then((module) => module.ModelsPage),
  },
  {
    path: 'pipeline',
    title: 'Pipeline · Causal Alpha',
    loadComponent: () => import('./features/pipeline/pipeline').then((module) => module.PipelinePage),
  },
  {
    path: 'features',
    title: 'Features · Causal Alpha',
    loadComponent: () => import('./features/vectors/vectors').then((module) => module.VectorsPage),
  },
  {
    path: 'events',
    title: 'Events · Causal Alpha',
    loadComponent: () => import('./features/events/events').then((module) => module.EventsPage),
  },
  {
    path: 'about',
    title: 'About · Causal Alpha',
    loadComponent: () => import('./features/about/about').then((module) => module.AboutPage),
  },
  { path: '**', redirectTo: 'live' },
];
