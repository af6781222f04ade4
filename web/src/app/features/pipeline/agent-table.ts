import { ChangeDetectionStrategy, Component, input } from '@angular/core';

import { AgentRow } from '../../core/api/schema';
import { countText } from '../../ui/text/number-text';
import { msText, shortName } from './station';

/** Messages behind from which an agent is said to catch up: more than a poll brings. */
const BEHIND = 1_000;

/** The functions of the data path in the order of the data, with what waits for them and how long they take. */
@Component({
  selector: 'ca-agent-table',
  changeDetection: ChangeDetectionStrategy.OnPush,
  template: `
    <table class="tb">
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col" class="path">Reads → writes</th>
          <th scope="col" class="num">Lag</th>
          <th scope="col" class="num">p50 ms</th>
          <th scope="col" class="num">p99 ms</th>
          <th scope="col">State</th>
        </tr>
      </thead>
      <tbody>
        @for (agent of agents(); track agent.name) {
          <tr>
            <th scope="row">{{ agent.name }}</th>
            <td class="i2 path">{{ path(agent) }}</td>
            <td class="num" [class.warn]="behind(agent)">{{ count(agent.lag) }}</td>
            <td class="num i2">{{ ms(agent.p50_ms) }}</td>
            <td class="num i2">{{ ms(agent.p99_ms) }}</td>
            <td>
              @if (agent.follows) {
                <span class="i2"><i class="dot"></i>Follows live</span>
              } @else if (agent.lag === null && agent.reads) {
                <span class="i3"><i class="dot none"></i>Kafka does not say</span>
              } @else if (behind(agent)) {
                <span class="warn"><i class="dot stale"></i>Catching up</span>
              } @else {
                <span class="i2"><i class="dot"></i>{{ agent.reads ? 'Up to date' : 'By a clock' }}</span>
              }
            </td>
          </tr>
        }
      </tbody>
    </table>
  `,
  styles: `
    td .dot {
      margin-right: 6px;
    }
    .none {
      background: none;
      border: 1.5px solid var(--control);
    }
    @media (max-width: 1279.98px) {
      .path {
        display: none;
      }
    }
  `,
})
export class AgentTable {
  readonly agents = input.required<readonly AgentRow[]>();
  protected readonly ms = msText;

  protected path(agent: AgentRow): string {
    const writes = agent.writes.map(shortName).join(', ');
    return [shortName(agent.reads), writes].filter(Boolean).join(' → ');
  }

  protected behind(agent: AgentRow): boolean {
    return (agent.lag ?? 0) >= BEHIND;
  }

  protected count(value: number | null): string {
    return value === null ? '–' : countText(value);
  }
}
