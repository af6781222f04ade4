/** How Playwright launches the browser that was found. */
export interface FoundBrowser {
  executablePath: string;
  args: string[];
  env?: Record<string, string>;
}

export function findBrowser(env?: NodeJS.ProcessEnv): Promise<FoundBrowser>;
