import { ChangeDetectionStrategy, Component } from '@angular/core';

import { PanelState } from '../../ui/panel-state/panel-state';

/** Features: says that nothing has come. */
@Component({
  selector: 'ca-vectors',
  imports: [PanelState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header class="panel-head"><h1>Features</h1></header>
    <ca-panel-state phase="empty" what="No feature vector yet" detail="The page does not ask the hub for it." />
  `,
})
export class VectorsPage {}
