import { afterNextRender, DestroyRef, ElementRef, inject, Signal, signal } from '@angular/core';

/** Width of the component's own element in whole px, 0 before the first layout: plots are drawn to it, not scaled. */
export function elementWidth(): Signal<number> {
  const element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  const width = signal(0);
  const observer = new ResizeObserver(([entry]) => entry && width.set(Math.floor(entry.contentRect.width)));
  afterNextRender(() => observer.observe(element));
  inject(DestroyRef).onDestroy(() => observer.disconnect());
  return width;
}
