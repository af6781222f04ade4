export interface FakeHub {
  readonly address: string;
  /** Closes all sockets; the pages come back. */
  cut(): void;
  /** Sends what so many seconds more of the first symbol say. */
  pass(seconds: number): void;
  stop(): Promise<void>;
}

export interface FakeHubOptions {
  readonly pages: string;
  readonly count?: number;
  readonly rate?: number;
  readonly flushMs?: number;
  readonly end?: number;
}

export function fakeHub(options: FakeHubOptions): Promise<FakeHub>;
