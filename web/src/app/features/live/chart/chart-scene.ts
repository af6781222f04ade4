import { SessionRow } from '../../../core/api/schema';
import { Bar } from '../../../core/market/bar';
import { Forecast } from '../../../core/market/forecast';
import { Palette } from '../../../core/theme/palette';
import { Fan } from '../fan';

/** All that the chart's own painting needs to know; changed in place, painted when the chart next draws. */
export interface ChartScene {
  bars: readonly Bar[];
  /** When the exchange is open, oldest first. */
  sessions: readonly SessionRow[];
  /** Of a bar, in ms. */
  length: number;
  fan: Fan | null;
  fanTitle: string;
  /** The fan of a stand-in model has dashed edges. */
  fallback: boolean;
  /** What each family says for the chosen horizon, the served one first. */
  rivals: readonly Forecast[];
  levels: readonly number[];
  palette: Palette;
  /** Bars of the time axis to the right of the last bar. */
  future: number;
  /** Whether there is room for words beside the fan. */
  roomy: boolean;
  showRecord: boolean;
  fontFamily: string;
  saidFor: (start: number) => Forecast | undefined;
  startText: (ms: number) => string;
  endText: (ms: number) => string;
  /** End of the last bar in ms: where the past ends. */
  now: number;
}
