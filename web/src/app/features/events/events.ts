import { ChangeDetectionStrategy, Component } from '@angular/core';

import { PanelState } from '../../ui/panel-state/panel-state';

/** Events: says that nothing has come. */
@Component({
  selector: 'ca-events',
  imports: [PanelState],
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <header class="panel-head"><h1>Events</h1></header>
    <ca-panel-state phase="empty" what="No event yet" detail="The page does not ask the hub for it." />
  `,
})
export class EventsPage {}
