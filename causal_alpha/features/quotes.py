"""The book at the bar's last trade, and who traded: NaN where the feed has no quotes."""

import numpy as np

from causal_alpha.features.window import Window
from causal_alpha.frames import Floats


def relative_spread(window: Window) -> Floats:
    """Ask less bid, as a fraction of their middle.

    Amihud and Mendelson, Asset Pricing and the Bid-Ask Spread, Journal of Financial Economics 17(2), 1986.
    """
    bid, ask = window.bid[:, -1], window.ask[:, -1]
    spread: Floats = 2 * (ask - bid) / (ask + bid)
    return spread


def queue_imbalance(window: Window) -> Floats:
    """Size at the bid less that at the ask, over their sum: −1 to 1.

    Gould and Bonart, Queue Imbalance as a One-Tick-Ahead Price Predictor in a Limit Order Book,
    Market Microstructure and Liquidity 2(2), 2016.
    """
    bid, ask = window.bid_size[:, -1], window.ask_size[:, -1]
    imbalance: Floats = (bid - ask) / (bid + ask)
    return imbalance


def microprice_distance(window: Window) -> Floats:
    """Log distance of the microprice from the close: where the book leans. Each side's price weighs the other's size.

    Gatheral and Oomen, Zero-Intelligence Realized Variance Estimation, Finance and Stochastics 14(2), 2010.
    """
    bid_size, ask_size = window.bid_size[:, -1], window.ask_size[:, -1]
    microprice = (window.bid[:, -1] * ask_size + window.ask[:, -1] * bid_size) / (bid_size + ask_size)
    distance: Floats = np.log(microprice / window.close[:, -1])
    return distance


def flow_imbalance(window: Window) -> Floats:
    """Volume bought less volume sold, over the volume of the window: −1 to 1; 0 when nothing was traded.

    Chordia, Roll and Subrahmanyam, Order Imbalance, Liquidity, and Market Returns,
    Journal of Financial Economics 65(1), 2002.
    """
    volume, bought = window.volume, window.buy_volume
    traded = volume.sum(axis=1)
    signed = np.where(volume == 0, 0.0, 2 * bought - volume).sum(axis=1)
    return np.where(traded == 0, 0.0 * bought[:, -1], signed / traded)
