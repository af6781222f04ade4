import { DOCUMENT, inject, Injectable } from '@angular/core';

import { Bar } from '../market/bar';
import { Forecast } from '../market/forecast';

export interface BarsPage {
  readonly seq: number;
  readonly bars: readonly Bar[];
}

export interface ForecastsPage {
  readonly seq: number;
  readonly forecasts: readonly Forecast[];
}

/** The hub didn't answer as hoped; `status` 0 means that it didn't answer at all. */
export class HubError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The hub's HTTP calls that the page needs, see docs/protocol.md. */
@Injectable({ providedIn: 'root' })
export class HubApi {
  private readonly base = new URL('api/v1/', inject(DOCUMENT).baseURI);

  bars(
    symbol: string,
    interval: string,
    range: { limit: number; end?: number },
    signal?: AbortSignal,
  ): Promise<BarsPage> {
    return this.get<BarsPage>(`bars/${encodeURIComponent(symbol)}`, { interval, ...range }, signal);
  }

  forecasts(symbol: string, interval: string, range: { limit: number }, signal?: AbortSignal): Promise<ForecastsPage> {
    return this.get<ForecastsPage>(`forecasts/${encodeURIComponent(symbol)}`, { interval, ...range }, signal);
  }

  get<T>(path: string, query: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return this.ask<T>(url, { signal: signal ?? null });
  }

  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const headers = { 'Content-Type': 'application/json' };
    return this.ask<T>(new URL(path, this.base), {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: signal ?? null,
    });
  }

  private async ask<T>(url: URL, request: RequestInit): Promise<T> {
    const { signal } = request;
    let response: Response;
    try {
      response = await fetch(url, request);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new HubError(0, 'No answer from the hub');
    }
    if (!response.ok) throw new HubError(response.status, await reason(response));
    return (await response.json()) as T;
  }
}

async function reason(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { error?: string };
    return body.error ?? response.statusText;
  } catch {
    return response.statusText;
  }
}
