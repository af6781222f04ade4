import { ChangeDetectionStrategy, Component } from '@angular/core';

/** The mark: an alpha whose two arms are a fan. */
@Component({
  selector: 'ca-mark',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `<svg viewBox="0 0 24 24" aria-hidden="true">
    <path
      stroke="var(--ink)"
      d="M12.2 12C10.3 8.4 8.7 6.8 6.7 6.8 4.2 6.8 2.5 9 2.5 12s1.7 5.2 4.2 5.2c2 0 3.6-1.6 5.5-5.2"
    />
    <path stroke="var(--blend)" d="M12.2 12c1.9-3.6 4.3-6.6 9.3-8.2M12.2 12c1.9 3.6 4.3 6.6 9.3 8.2" />
    <path stroke="var(--blend)" stroke-dasharray=".1 3.3" d="M14.8 12h6.7" />
  </svg>`,
  styles: `
    :host {
      display: inline-grid;
      flex: none;
    }
    svg {
      width: 24px;
      height: 24px;
      fill: none;
      stroke-width: 2;
      stroke-linecap: round;
    }
  `,
})
export class Mark {}
