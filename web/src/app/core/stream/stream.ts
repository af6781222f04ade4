import { DestroyRef, DOCUMENT, inject, Injectable, signal } from '@angular/core';

import { Credentials } from '../session/credentials';
import { backoff } from './backoff';
import { Inbox } from './inbox';
import { decode, Health, Hello, LogEvent, StateEvent } from './messages';

/**
 * Where the socket stands. `retryAt` is a time of Date.now(); `events` how many the hub still has to replay; refused
 * means that it wants a token, see `Credentials`.
 */
export type Connection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'open' }
  | { readonly phase: 'resuming'; readonly events: number }
  | { readonly phase: 'stale'; readonly since: number }
  | { readonly phase: 'refused' }
  | { readonly phase: 'offline'; readonly retryAt: number; readonly since: number };

/** The log as received: its last number, how many events, and how many numbers were skipped. */
export interface LogProgress {
  readonly seq: number;
  readonly count: number;
  readonly holes: number;
}

/** Called once a frame, first `log`, then `state`; `reset` when the hub could not resume: fetch again over HTTP. */
export interface StreamSink {
  readonly log?: (events: readonly LogEvent[]) => void;
  readonly state?: (events: readonly StateEvent[]) => void;
  readonly reset?: () => void;
}

const STALE_AFTER_MS = 5_000;
const HIDDEN_FLUSH_MS = 1_000;
/** The hub closes with this code where it knows no token of ours. */
const NO_TOKEN = 4401;

/** The one WebSocket to the hub: reconnects, resumes, and hands events to its sinks once a frame. */
@Injectable({ providedIn: 'root' })
export class Stream {
  readonly connection = signal<Connection>({ phase: 'connecting' });
  readonly hello = signal<Hello | null>(null);
  readonly health = signal<Health | null>(null);
  /** Hub to page in ms by the two clocks, null where they disagree too much to say. */
  readonly transit = signal<number | null>(null);
  /** The page's clock less the hub's in ms, too high by the shortest way of a message; null before the first. */
  readonly skew = signal<number | null>(null);
  readonly log = signal<LogProgress>({ seq: 0, count: 0, holes: 0 });

  private readonly credentials = inject(Credentials);
  private readonly document = inject(DOCUMENT);
  private readonly window = this.document.defaultView!;
  private readonly sinks = new Set<StreamSink>();
  private readonly inbox = new Inbox();
  private socket: WebSocket | null = null;
  private boot = '';
  private received = 0;
  private resumeTarget = 0;
  private attempt = 0;
  private lastMessageAt = Date.now();
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private frame = 0;

  constructor() {
    const online = (): void => this.reconnectNow();
    const offline = (): void => this.cut();
    const visible = (): void => this.flush();
    const watch = setInterval(() => this.checkStale(), 1_000);
    this.window.addEventListener('online', online);
    this.window.addEventListener('offline', offline);
    this.document.addEventListener('visibilitychange', visible);
    inject(DestroyRef).onDestroy(() => {
      this.window.removeEventListener('online', online);
      this.window.removeEventListener('offline', offline);
      this.document.removeEventListener('visibilitychange', visible);
      clearInterval(watch);
      clearTimeout(this.retryTimer);
      clearTimeout(this.flushTimer);
      cancelAnimationFrame(this.frame);
      const socket = this.socket;
      this.socket = null;
      socket?.close();
    });
    this.open();
  }

  /** Adds a sink; call what it returns to take it away. */
  subscribe(sink: StreamSink): () => void {
    this.sinks.add(sink);
    return () => this.sinks.delete(sink);
  }

  /** Tries at once instead of after the back-off. */
  reconnectNow(): void {
    if (this.socket && this.socket.readyState <= WebSocket.OPEN) return;
    this.attempt = 0;
    this.open();
  }

  /** Drops the socket and opens another, with the token of now. */
  reopen(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.reconnectNow();
  }

  private open(): void {
    clearTimeout(this.retryTimer);
    if (this.connection().phase !== 'offline') this.connection.set({ phase: 'connecting' });
    const socket = new WebSocket(this.address());
    this.socket = socket;
    const token = this.credentials.token();
    // As a message, since a subprotocol could not carry every token.
    if (token) socket.onopen = () => socket.send(JSON.stringify(['token', token]));
    socket.onmessage = (event: MessageEvent<string>) => this.socket === socket && this.receive(event.data);
    socket.onclose = ({ code }) => this.socket === socket && (code === NO_TOKEN ? this.refused() : this.lost());
  }

  private address(): string {
    const url = new URL('ws/v1', this.document.baseURI);
    url.protocol = url.protocol.replace('http', 'ws');
    if (this.boot) url.search = new URLSearchParams({ since: String(this.received), boot: this.boot }).toString();
    return url.href;
  }

  private receive(text: string): void {
    this.lastMessageAt = Date.now();
    const message = decode(text);
    if (message === null) return;
    if (message[0] === 'hello') this.greet(message[1]);
    else if (message[0] === 'state') this.inbox.addState(message[1]);
    else this.takeLog(message[1]);
    this.settle();
    if (!this.inbox.empty) this.schedule();
  }

  private greet(hello: Hello): void {
    this.flush();
    const first = this.boot === '';
    this.attempt = 0;
    if (this.boot !== hello.boot) this.skew.set(null);
    this.boot = hello.boot;
    this.hello.set(hello);
    if (hello.resumed) {
      this.resumeTarget = hello.seq;
      return;
    }
    this.received = this.resumeTarget = hello.seq;
    this.log.update((log) => ({ ...log, seq: hello.seq }));
    if (!first) for (const sink of this.sinks) sink.reset?.();
  }

  private takeLog(events: readonly LogEvent[]): void {
    const fresh = events.filter((event) => event[0] > this.received);
    const last = fresh.at(-1);
    if (!last) return;
    const holes = last[0] - this.received - fresh.length;
    this.received = last[0];
    this.inbox.addLog(fresh);
    this.log.update((log) => ({ seq: last[0], count: log.count + fresh.length, holes: log.holes + holes }));
  }

  /** After any message the socket lives; until the replay is through, say how much is missing. */
  private settle(): void {
    if (!this.hello()) return;
    const missing = this.resumeTarget - this.received;
    const phase = this.connection().phase;
    if (missing > 0) this.connection.set({ phase: 'resuming', events: missing });
    else if (phase !== 'open') this.connection.set({ phase: 'open' });
  }

  /** The network went: a close would wait for the other side's answer, which can't come. */
  private cut(): void {
    const socket = this.socket;
    if (!socket) return;
    this.lost();
    socket.close();
  }

  /** Trying again would change nothing: somebody has to sign in, which opens another socket. */
  private refused(): void {
    this.socket = null;
    this.connection.set({ phase: 'refused' });
    this.credentials.refuse();
  }

  private lost(): void {
    this.socket = null;
    this.flush();
    const wait = backoff(this.attempt++);
    const before = this.connection();
    const since = before.phase === 'offline' ? before.since : Date.now();
    this.connection.set({ phase: 'offline', retryAt: Date.now() + wait, since });
    this.retryTimer = setTimeout(() => this.open(), wait);
  }

  private checkStale(): void {
    const silent = Date.now() - this.lastMessageAt;
    const phase = this.connection().phase;
    if (silent < STALE_AFTER_MS || (phase !== 'open' && phase !== 'resuming')) return;
    this.connection.set({ phase: 'stale', since: this.lastMessageAt });
  }

  private schedule(): void {
    if (this.frame || this.flushTimer) return;
    if (this.document.hidden) this.flushTimer = setTimeout(() => this.flush(), HIDDEN_FLUSH_MS);
    else this.frame = requestAnimationFrame(() => this.flush());
  }

  private flush(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.flushTimer);
    this.frame = 0;
    this.flushTimer = undefined;
    if (this.inbox.empty) return;
    const { log, state } = this.inbox.take();
    for (const event of state) if (event[0] === 'health') this.takeHealth(event[1]);
    for (const sink of this.sinks) {
      if (log.length) sink.log?.(log);
      if (state.length) sink.state?.(state);
    }
  }

  private takeHealth(health: Health): void {
    this.health.set(health);
    const transit = this.lastMessageAt - health.ts;
    this.skew.update((skew) => (skew === null ? transit : Math.min(skew, transit)));
    this.transit.set(transit >= 0 && transit < 10_000 ? transit : null);
  }
}
