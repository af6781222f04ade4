import { ISeriesApi, PriceFormatCustom, SeriesType } from 'lightweight-charts';

/** Half the height of a label and a pixel of air, CSS px. */
const HALF = 7;

/** A format whose labels on the axis are left out where an edge of the pane would cut them. */
export function wholeLabels(
  series: ISeriesApi<SeriesType>,
  minMove: number,
  formatter: (value: number) => string,
): PriceFormatCustom {
  const whole = (value: number): boolean => {
    const [y, height] = [series.priceToCoordinate(value), series.getPane().getHeight()];
    return y === null || (y >= HALF && y <= height - HALF);
  };
  const tickmarksFormatter = (values: number[]): string[] =>
    values.map((value) => (whole(value) ? formatter(value) : ''));
  return { type: 'custom', minMove, formatter, tickmarksFormatter };
}
