import { ChangeDetectionStrategy, Component } from '@angular/core';

import { PanelState } from '../../ui/panel-state/panel-state';

/** Pipeline: says that nothing has come. */
@Component({
  selector: 'ca-pipeline',
  imports: [PanelState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header class="panel-head"><h1>Pipeline</h1></header>
    <ca-panel-state phase="empty" what="No pipeline numbers yet" detail="The page does not ask the hub for it." />
  `,
})
export class PipelinePage {}
