import { ChangeDetectionStrategy, Component } from '@angular/core';

import { PanelState } from '../../ui/panel-state/panel-state';

/** Models: says that nothing has come. */
@Component({
  selector: 'ca-models',
  imports: [PanelState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header class="panel-head"><h1>Models</h1></header>
    <ca-panel-state phase="empty" what="No model list yet" detail="The page does not ask the hub for it." />
  `,
})
export class ModelsPage {}
