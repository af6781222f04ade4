// Made by `causal-alpha schema` from the hub's types; changes here get lost.

/** Versions, and the licences of what the product is made of. */
export interface AboutReply {
  readonly version: string;
  readonly python: string;
  readonly protocol: number;
  readonly ui: string;
  readonly licence: string;
  readonly parts: readonly PartRow[];
}

/** A function of the data path; `lag` in messages of what it reads, the latency is its stage's. */
export interface AgentRow {
  readonly name: string;
  readonly reads: string;
  readonly writes: readonly string[];
  readonly lag: number | null;
  readonly follows: boolean;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

/** Where an alias points now, and pointed before (null: nowhere). */
export interface AliasReply {
  readonly name: string;
  readonly alias: string;
  readonly version: string;
  readonly before: string | null;
}

/** What became of the rows of ticks: rows = in_bars + late + duplicates + rejected. */
export interface Balance {
  readonly rows: number;
  readonly in_bars: number;
  readonly late: number;
  readonly duplicates: number;
  readonly rejected: number;
}

/** A bar: forming as state, final or revised in the log. */
export type BarEvent = readonly [
  kind: 'bar',
  symbol: string,
  interval: string,
  start: number,
  open: number | null,
  high: number | null,
  low: number | null,
  close: number | null,
  volume: number | null,
  vwap: number | null,
  trades: number,
  state: 'final' | 'forming' | 'revised',
  revision: number,
  quality: 'no_data' | 'no_trade' | 'ok' | 'partial',
  source: string,
  bid: number | null,
  ask: number | null,
  bidSize: number | null,
  askSize: number | null,
  buyVolume: number | null,
  knownAt: number,
];

/** A bar: forming as state, final or revised in the log. */
export type BarLog = readonly [
  seq: number,
  kind: 'bar',
  symbol: string,
  interval: string,
  start: number,
  open: number | null,
  high: number | null,
  low: number | null,
  close: number | null,
  volume: number | null,
  vwap: number | null,
  trades: number,
  state: 'final' | 'forming' | 'revised',
  revision: number,
  quality: 'no_data' | 'no_trade' | 'ok' | 'partial',
  source: string,
  bid: number | null,
  ask: number | null,
  bidSize: number | null,
  askSize: number | null,
  buyVolume: number | null,
  knownAt: number,
];

/** A bar of the symbol and interval that the answer names. */
export interface BarRow {
  readonly start: number;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
  readonly vwap: number | null;
  readonly trades: number;
  readonly state: 'final' | 'forming' | 'revised';
  readonly revision: number;
  readonly quality: 'no_data' | 'no_trade' | 'ok' | 'partial';
  readonly source: string;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly bid_size: number | null;
  readonly ask_size: number | null;
  readonly buy_volume: number | null;
  readonly known_at: number;
}

/** Final bars and, last, the forming one; apply log events only after `seq`. */
export interface BarsReply {
  readonly symbol: string;
  readonly interval: string;
  readonly seq: number;
  readonly bars: readonly BarRow[];
}

/** Another champion: `before` (null: none) gave way to `after` at `at`, ms; `why` in words. */
export interface ChangeRow {
  readonly at: number;
  readonly before: string | null;
  readonly after: string;
  readonly why: string;
}

/** What went wrong: expected …, was …. */
export interface ErrorReply {
  readonly error: string;
}

/** A feature vector; `values` in the order of the answer's `names`, null while a window fills. */
export interface FeatureRow {
  readonly start: number;
  readonly close: number | null;
  readonly values: readonly (number | null)[];
  readonly feature_set: string;
  readonly source: string;
}

/** A feature: how many bars it looks back over, and whether the newest vector has a number for it. */
export interface FeatureSpec {
  readonly name: string;
  readonly lookback: number;
  readonly ready: boolean;
}

/** The bars that features see: at most `size`, of which `filled` are there. */
export interface FeatureWindow {
  readonly size: number;
  readonly filled: number;
}

/** Feature vectors, oldest first. */
export interface FeaturesReply {
  readonly symbol: string;
  readonly interval: string;
  readonly seq: number;
  readonly names: readonly string[];
  readonly features: readonly FeatureRow[];
  readonly specs: readonly FeatureSpec[];
  readonly window: FeatureWindow;
}

/** A forecast was made; `quantiles` are prices at the levels of hello; `shadow`: not served. */
export type ForecastLog = readonly [
  seq: number,
  kind: 'forecast',
  symbol: string,
  interval: string,
  start: number,
  made: number,
  horizon: number,
  due: number,
  price: number,
  location: number,
  variance: number,
  quantiles: readonly number[],
  family: string,
  version: string,
  source: string,
  shadow: boolean,
];

/** A forecast of the symbol and interval that the answer names. */
export interface ForecastRow {
  readonly start: number;
  readonly made: number;
  readonly horizon: number;
  readonly due: number;
  readonly price: number | null;
  readonly location: number | null;
  readonly variance: number | null;
  readonly quantiles: readonly (number | null)[];
  readonly family: string;
  readonly version: string;
  readonly feature_set: string;
  readonly source: string;
  readonly naive: number | null;
  readonly ewma: number | null;
  readonly shadow: boolean;
}

/** Forecasts by the bar they were made after, oldest first. */
export interface ForecastsReply {
  readonly symbol: string;
  readonly interval: string;
  readonly seq: number;
  readonly forecasts: readonly ForecastRow[];
}

/** The sign of life; the counts are since the hub started. */
export interface Health {
  readonly ts: number;
  readonly seq: number;
  readonly lag_ms: number | null;
  readonly watermark: number | null;
  readonly clients: number;
  readonly dropped: number;
  readonly conflated: number;
  readonly rejects: number;
  readonly provenance: Provenance;
}

/** The hub's sign of life, every 2 s. */
export type HealthEvent = readonly [kind: 'health', health: Health];

/** The process lives; rejected rows by reason since it started. */
export interface HealthReply {
  readonly status: 'ok';
  readonly version: string;
  readonly boot: string;
  readonly rejects: Readonly<Record<string, number>>;
}

/** The first message. `boot` names this run of the hub, `seq` is the newest log number. */
export interface Hello {
  readonly protocol: number;
  readonly boot: string;
  readonly seq: number;
  readonly resumed: boolean;
  readonly server: string;
  readonly ui: string;
  readonly intervals: readonly string[];
  readonly levels: readonly number[];
  readonly symbols: readonly string[];
}

export type HelloMessage = readonly [kind: 'hello', hello: Hello];

/** The id to ask for. */
export interface IngestReply {
  readonly id: string;
  readonly state: 'queued';
}

/** How far a request or a training is. `id` of a training: `training:FAMILY-INTERVAL`. */
export interface JobRow {
  readonly id: string;
  readonly state: 'done' | 'failed' | 'queued' | 'running';
  readonly rows?: number;
  readonly error?: string;
}

/** Milliseconds that a stage took, over the newest `n` passages. */
export interface LatencyRow {
  readonly stage: string;
  readonly n: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export type LogEvent = BarLog | ForecastLog | ScoreLog | ModelLog | NoteLog;

export type LogMessage = readonly [kind: 'log', events: readonly LogEvent[]];

/** An alias of a model has changed, or a version was refused. */
export type ModelLog = readonly [
  seq: number,
  kind: 'model',
  name: string,
  version: string,
  alias: string,
  state: string,
  text: string,
];

/** A registered model, `FAMILY-INTERVAL`, its versions newest first; `champion`, `challenger` are versions. */
export interface ModelRow {
  readonly name: string;
  readonly family: string;
  readonly interval: string;
  readonly champion: string | null;
  readonly challenger: string | null;
  readonly versions: readonly VersionRow[];
  readonly history: readonly ChangeRow[];
}

/** The registry; `state`: off where no MLflow is set, away where it doesn't answer (`detail` says how). */
export interface ModelsReply {
  readonly state: 'away' | 'off' | 'ok';
  readonly detail: string;
  readonly url: string;
  readonly models: readonly ModelRow[];
}

/** Something worth noticing happened; `GET /events` has the newest of them. */
export type NoteLog = readonly [
  seq: number,
  kind: 'note',
  id: number,
  ts: number,
  kind: string,
  level: 'error' | 'info' | 'warn',
  subject: string,
  text: string,
];

/** Something worth noticing: a model changed, a burst of rejects, a feed away or back, a worker started. */
export interface NoteRow {
  readonly id: number;
  readonly ts: number;
  readonly kind: string;
  readonly level: 'error' | 'info' | 'warn';
  readonly subject: string;
  readonly text: string;
}

/** What was worth noticing since this hub started, oldest first; `seq` as in the socket's log. */
export interface NotesReply {
  readonly seq: number;
  readonly notes: readonly NoteRow[];
}

/** A licence that the page must show. */
export interface PartRow {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly url: string;
}

/** A partition of ticks at this worker; event times in ms. */
export interface PartitionRow {
  readonly partition: number;
  readonly watermark: number | null;
  readonly newest: number | null;
  readonly rows: number;
}

/** The path of the data with live numbers, as this hub sees it. */
export interface PipelineReply {
  readonly ts: number;
  readonly boot: string;
  readonly up_ms: number;
  readonly watermark: number | null;
  readonly lag_ms: number | null;
  readonly clients: number;
  readonly balance: Balance | null;
  readonly partitions: readonly PartitionRow[];
  readonly topics: readonly TopicRow[];
  readonly agents: readonly AgentRow[];
  readonly latency: readonly LatencyRow[];
  readonly rejects: readonly ReasonRow[];
  readonly workers: readonly WorkerRow[];
}

/** Forecasts made just now, on demand; nothing keeps or scores them. */
export interface PredictReply {
  readonly symbol: string;
  readonly interval: string;
  readonly forecasts: readonly ForecastRow[];
}

/** Where data comes from; `detail` is the source itself, such as `simulator:7`. */
export interface Provenance {
  readonly kind: 'delayed' | 'foreign' | 'live' | 'replay' | 'synthetic';
  readonly detail: string;
}

/** The last price of a symbol; `ts` is the newest event time that it is known to hold for. */
export type QuoteEvent = readonly [kind: 'quote', symbol: string, ts: number, last: number, source: string];

/** Rows a second over the last 10 s, minute and quarter of an hour. */
export interface Rates {
  readonly s10: number;
  readonly m1: number;
  readonly m15: number;
}

/** Which parts answer; `ready` where all do. */
export interface ReadyReply {
  readonly ready: boolean;
  readonly kafka: boolean;
  readonly mongo: boolean;
  readonly recovered: boolean;
}

/** Rejected rows of one reason since this hub started. */
export interface ReasonRow {
  readonly reason: string;
  readonly rows: number;
  readonly last: number | null;
}

/** What became of the rejects that were to be sent again. */
export interface RedriveReply {
  readonly sent: number;
  readonly refused: number;
  readonly verdicts: readonly RedriveVerdict[];
}

/** What became of one reject; `to` is topic/partition/offset. */
export interface RedriveVerdict {
  readonly id: string;
  readonly ok: boolean;
  readonly to?: string;
  readonly reason?: string;
  readonly detail?: string;
}

/** That a reject was sent again. */
export interface Redriven {
  readonly state: 'pending' | 'sent';
  readonly at: number;
  readonly to: string;
}

/** A rejected row with its original bytes, as text or base64 (then `payload_encoding` is there). */
export interface RejectRow {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly row: number;
  readonly ts: number;
  readonly reason: string;
  readonly detail: string;
  readonly payload: string;
  readonly symbol: string;
  readonly source: string;
  readonly payload_encoding?: 'base64';
  readonly redrive?: Redriven;
  readonly redrive_of?: string;
}

/** The newest rejected rows, newest last. */
export interface RejectsReply {
  readonly rejects: readonly RejectRow[];
}

/** A forecast met its truth, the close at `due`; `shadow`: it was not served. */
export type ScoreLog = readonly [
  seq: number,
  kind: 'score',
  symbol: string,
  interval: string,
  start: number,
  made: number,
  horizon: number,
  due: number,
  family: string,
  version: string,
  price: number | null,
  truth: number | null,
  ret: number | null,
  crps: number | null,
  crpsNaive: number | null,
  crpsEwma: number | null,
  qlike: number | null,
  inside80: number | null,
  inside95: number | null,
  winkler80: number | null,
  scored: number,
  shadow: boolean,
  source: string,
];

/** A forecast beside its truth, the close at `due`; `shadow`: it was not served. */
export interface ScoreRow {
  readonly symbol: string;
  readonly interval: string;
  readonly start: number;
  readonly made: number;
  readonly horizon: number;
  readonly due: number;
  readonly family: string;
  readonly version: string;
  readonly price: number | null;
  readonly truth: number | null;
  readonly ret: number | null;
  readonly crps: number | null;
  readonly crps_naive: number | null;
  readonly crps_ewma: number | null;
  readonly qlike: number | null;
  readonly inside_80: number | null;
  readonly inside_95: number | null;
  readonly winkler_80: number | null;
  readonly scored: number;
  readonly shadow: boolean;
  readonly source: string;
}

/** Means over the `n` newest scores of a family, version and horizon. */
export interface ScoreTally {
  readonly interval: string;
  readonly family: string;
  readonly version: string;
  readonly horizon: number;
  readonly shadow: boolean;
  readonly n: number;
  readonly first: number;
  readonly last: number;
  readonly crps: number | null;
  readonly crps_to_naive: number | null;
  readonly crps_to_ewma: number | null;
  readonly qlike: number | null;
  readonly coverage_80: number | null;
  readonly coverage_95: number | null;
  readonly winkler_80: number | null;
}

/** The newest scores, oldest first, and their means. */
export interface ScoresReply {
  readonly seq: number;
  readonly scores: readonly ScoreRow[];
  readonly tallies: readonly ScoreTally[];
}

export type ServerMessage = HelloMessage | StateMessage | LogMessage;

/** Who is asking: the role, and whether this hub asks for tokens at all. */
export interface SessionReply {
  readonly role: 'operator' | 'viewer';
  readonly tokens: boolean;
}

/** A session `open <= time < close`, or the part of one before or after a lunch break. */
export interface SessionRow {
  readonly open: number;
  readonly close: number;
}

/** When the market of a symbol is open; a market that never closes has one session without end. */
export interface SessionsReply {
  readonly symbol: string;
  readonly calendar: string;
  readonly sessions: readonly SessionRow[];
}

export type StateEvent = QuoteEvent | BarEvent | HealthEvent;

export type StateMessage = readonly [kind: 'state', events: readonly StateEvent[]];

export type SubscribeMessage = readonly [kind: 'subscribe', wanted: Subscription];

/** Which log and bar events a client wants; null means all. */
export interface Subscription {
  readonly symbols?: readonly string[] | null;
  readonly intervals?: readonly string[] | null;
}

/** What is known of a symbol: its name, and the intervals at which it has bars, the finest first. */
export interface SymbolReply {
  readonly symbol: string;
  readonly name: string;
  readonly intervals: readonly string[];
}

/** A symbol with its last price; `ts` is the event time that `last` is known to hold for. */
export interface SymbolRow {
  readonly symbol: string;
  readonly name: string;
  readonly ts: number;
  readonly last: number | null;
  readonly source: string;
}

/** Every symbol that has a bar. */
export interface SymbolsReply {
  readonly symbols: readonly SymbolRow[];
}

/** What became of one posted row. */
export interface TickVerdict {
  readonly row: number;
  readonly ok: boolean;
  readonly reason?: string;
  readonly detail?: string;
}

/** What became of the posted ticks. */
export interface TicksReply {
  readonly accepted: number;
  readonly rejected: number;
  readonly verdicts: readonly TickVerdict[];
}

/** A topic: its end in messages, what the workers have not committed yet (`lag`), and the rows seen here. */
export interface TopicRow {
  readonly name: string;
  readonly end: number | null;
  readonly lag: number | null;
  readonly rows: number | null;
  readonly rates: Rates | null;
}

/** Training runs, by id; `url` is where the schedules show themselves, empty where there are none. */
export interface TrainingReply {
  readonly url: string;
  readonly jobs: readonly JobRow[];
}

/** A version of a registered model; `created` in ms, `url` leads to its run in MLflow. */
export interface VersionRow {
  readonly version: string;
  readonly created: number;
  readonly aliases: readonly string[];
  readonly run_id: string;
  readonly url: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** A worker: when it started last, how often before (`restarts`), when it was last seen alive. */
export interface WorkerRow {
  readonly instance: string;
  readonly started: number;
  readonly seen: number;
  readonly restarts: number;
  readonly state: 'away' | 'running';
}
