import { DOCUMENT, inject, Injectable } from '@angular/core';

import { Bar } from '../market/bar';
import { Forecast } from '../market/forecast';
import { Credentials } from '../session/credentials';
import { SessionReply, SessionRow, SessionsReply, SymbolReply, SymbolsReply } from './schema';

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

/** The hub's HTTP calls that the page needs, see docs/protocol.md. While a token is wanted, nothing is asked without. */
@Injectable({ providedIn: 'root' })
export class HubApi {
  private readonly credentials = inject(Credentials);
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

  symbols(): Promise<SymbolsReply> {
    return this.get<SymbolsReply>('symbols');
  }

  symbol(symbol: string): Promise<SymbolReply> {
    return this.get<SymbolReply>(`symbols/${encodeURIComponent(symbol)}`);
  }

  /** Sessions of a symbol's exchange that share time with `start` to `end`, ms. */
  async sessions(symbol: string, start: number, end: number, signal?: AbortSignal): Promise<readonly SessionRow[]> {
    const reply = await this.get<SessionsReply>(
      `sessions/${encodeURIComponent(symbol)}`,
      { start, end, limit: 2_000 },
      signal,
    );
    return reply.sessions;
  }

  get<T>(path: string, query: Record<string, string | number> = {}, signal?: AbortSignal): Promise<T> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return this.ask<T>(url, { signal: signal ?? null });
  }

  post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
    const request = { method: 'POST', body: JSON.stringify(body), signal: signal ?? null };
    return this.ask<T>(new URL(path, this.base), request);
  }

  /** Who the hub takes `token` for. */
  introduce(token: string): Promise<SessionReply> {
    return this.send<SessionReply>(new URL('session', this.base), {}, token);
  }

  private ask<T>(url: URL, request: RequestInit): Promise<T> {
    if (this.credentials.wanted()) return Promise.reject(new HubError(401, 'Sign in first'));
    return this.send<T>(url, request, this.credentials.token());
  }

  private async send<T>(url: URL, request: RequestInit, token: string): Promise<T> {
    const headers = new Headers(request.body ? { 'Content-Type': 'application/json' } : {});
    if (token) headers.set('Authorization', `Bearer ${token}`);
    let response: Response;
    try {
      response = await fetch(url, { ...request, headers });
    } catch (error) {
      if (request.signal?.aborted) throw error;
      throw new HubError(0, 'No answer from the hub');
    }
    if (response.status === 401) this.credentials.refuse();
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
