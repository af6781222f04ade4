const TEXTS: Readonly<Record<string, string>> = {
  malformed: 'Neither JSON nor Arrow',
  schema: 'Field missing or of a wrong type',
  unknown_field: 'Unknown field',
  nan: 'Price or size not a number',
  not_positive: 'Price or size not positive',
  absurd: 'Absurd number or time',
  future: 'Time stamp ahead of the clock',
  late: 'Late, its bar was final',
};

/** Reasons that time mends. The others need the row mended first: docs/rejects.md says how. */
const PASSING: ReadonlySet<string> = new Set(['future']);

/** A reason in words; one that this page doesn't know stays as it is. */
export function reasonText(reason: string): string {
  return TEXTS[reason] ?? reason;
}

/** Whether sending the same bytes again can help. */
export function redrivable(reason: string): boolean {
  return PASSING.has(reason) || !(reason in TEXTS);
}
