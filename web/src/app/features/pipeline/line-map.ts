import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';

import { elementWidth } from '../../ui/plot/element-width';
import { sparkPath } from '../../ui/plot/line-path';
import { Stream } from '../../core/stream/stream';
import { countText } from '../../ui/text/number-text';
import { Layout } from '../../core/layout/layout';
import { lineWidth, msText, rateText, Station } from './station';

const LINE_Y = 126;
const ARCHIVE_Y = 270;
const BROADCAST_Y = 304;
const REJECTS_Y = 338;
/** Where the sources' names begin and their lines leave. */
const SOURCES_X = 14;
const LEAVE_X = 176;
const FIRST_X = 352;
const RIGHT = 204;
const SINKS_END = 84;
/** Stations closer than this have no room for a sparkline beside their numbers. */
const ROOMY = 170;

interface Source {
  readonly name: string;
  readonly detail: string;
  readonly on: boolean;
  readonly y: number;
}

/** The topology as the map of a line: stations are topics, the width of a line is the log of its rate. */
@Component({
  selector: 'ca-line-map',
  changeDetection: ChangeDetectionStrategy.OnPush,
  templateUrl: './line-map.html',
  styleUrl: './line-map.scss',
})
export class LineMap {
  readonly stations = input.required<readonly Station[]>();
  /** The last rates of each topic, oldest first. */
  readonly history = input.required<ReadonlyMap<string, readonly (number | null)[]>>();
  readonly jobs = input('');
  readonly archiveLag = input<number | null>(null);
  readonly rejected = input(0);
  readonly clients = input(0);
  readonly champion = input('');

  protected readonly width = elementWidth();
  protected readonly layout = inject(Layout);
  private readonly stream = inject(Stream);
  protected readonly at = { line: LINE_Y, archive: ARCHIVE_Y, broadcast: BROADCAST_Y, rejects: REJECTS_Y };
  protected readonly rate = rateText;
  protected readonly ms = msText;
  protected readonly count = countText;

  protected readonly end = computed(() => this.width() - SINKS_END);
  protected readonly stops = computed(() => {
    const stations = this.stations();
    const first = Math.min(FIRST_X, this.width() * 0.26);
    const step = (this.width() - RIGHT - first) / Math.max(1, stations.length - 1);
    return stations.map((station, at) => ({
      ...station,
      x: Math.round(first + at * step),
      stroke: lineWidth(station.rate),
      spark: step > ROOMY ? sparkPath(this.history().get(station.name) ?? [], Math.min(76, step - 124), 22) : '',
      unit: station.name === 'ticks' ? 'rows/s' : '/s',
    }));
  });

  protected readonly sources = computed<readonly Source[]>(() => {
    const health = this.stream.health();
    const [ticks] = this.stations();
    const from = health?.provenance;
    const flowing = (ticks?.rate ?? 0) > 0;
    const rows = [
      { name: from ? sourceName(from.kind) : 'Source', detail: from?.detail ?? 'not heard of yet', on: flowing },
      { name: 'POST /ticks', detail: 'counted in ticks', on: false },
      { name: 'Your producers', detail: 'counted in ticks', on: false },
      { name: 'Requests', detail: this.jobs() || 'history on demand', on: false },
    ];
    return rows.map((row, at) => ({ ...row, y: 36 + at * 52 }));
  });

  protected curve(source: Source): string {
    const to = (this.stops()[0]?.x ?? FIRST_X) - 10;
    const from = Math.min(LEAVE_X, to - 60);
    return `M${from} ${source.y}C${from + 94} ${source.y} ${to - 92} ${LINE_Y} ${to} ${LINE_Y}`;
  }

  protected leave(): number {
    return Math.min(LEAVE_X, (this.stops()[0]?.x ?? FIRST_X) - 70);
  }

  protected readonly truth = computed(() => {
    const [from, to] = [this.stops()[1]?.x ?? 0, this.stops()[4]?.x ?? 0];
    return `M${from} ${LINE_Y - 10}V46a8 8 0 0 1 8-8H${to - 8}a8 8 0 0 1 8 8V${LINE_Y - 10}`;
  });

  protected readonly spoken = computed(() => {
    const stations = this.stations().map((each) => {
      const lag = each.lag === null ? '' : `, lag ${each.lag}`;
      return `${each.name} ${rateText(each.rate)} rows a second${lag}`;
    });
    return `Topology: sources to ${stations.join('; ')}. Archive, broadcast and rejects read along the way.`;
  });
  protected readonly sourceX = SOURCES_X;
}

function sourceName(kind: string): string {
  const names: Readonly<Record<string, string>> = {
    live: 'Live feed',
    delayed: 'Delayed feed',
    replay: 'Replay',
    synthetic: 'Simulator',
    foreign: 'Your producers',
  };
  return names[kind] ?? kind;
}
