import { Directive, inject, model, output } from '@angular/core';

import { PARTS, ShownParts } from './shown-parts';

/** What the tools of a chart show and tell, whether they stand in a row or behind one button. */
@Directive()
export abstract class ChartActions {
  /** Whether a table stands in the chart's place. */
  readonly table = model.required<boolean>();
  readonly csv = output();
  readonly png = output();
  protected readonly parts = inject(ShownParts);
  protected readonly all = PARTS;

  protected toggleTable(): void {
    this.table.update((on) => !on);
  }
}
