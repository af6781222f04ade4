import { ChartOptions, ColorType, CrosshairMode, DeepPartial, LineStyle } from 'lightweight-charts';

import { Palette, tint } from '../../../core/theme/palette';

/** The chart's look by the tokens; all sizes in CSS pixels. */
export function chartOptions(palette: Palette, fontFamily: string): DeepPartial<ChartOptions> {
  const guide = {
    color: palette.control,
    width: 1,
    style: LineStyle.Dashed,
    labelBackgroundColor: palette.lineStrong,
  } as const;
  return {
    layout: {
      background: { type: ColorType.Solid, color: palette.bg },
      textColor: palette.ink3,
      fontSize: 11,
      fontFamily,
      panes: { separatorColor: palette.line, separatorHoverColor: palette.hover, enableResize: false },
      // The link stands in the status line and in About, see the NOTICE there.
      attributionLogo: false,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: tint(palette.line, 60) } },
    crosshair: { mode: CrosshairMode.Normal, vertLine: guide, horzLine: guide },
    rightPriceScale: { borderVisible: false, minimumWidth: 58, scaleMargins: { top: 0.1, bottom: 0.06 } },
    timeScale: { borderColor: palette.line },
  };
}

/** Hollow when up, filled when down; too narrow to be hollow below 6 px, then filled in both. */
export function candleOptions(palette: Palette, hollow: boolean) {
  return {
    upColor: hollow ? palette.bg : palette.up,
    downColor: palette.down,
    borderUpColor: palette.up,
    borderDownColor: palette.down,
    wickUpColor: palette.up,
    wickDownColor: palette.down,
    priceLineStyle: LineStyle.Dotted,
    priceLineColor: palette.ink3,
    priceLineWidth: 1,
  } as const;
}
