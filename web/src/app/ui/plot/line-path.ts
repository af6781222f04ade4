/** `M…L…` through the points, a new `M` after each that is not a number: no line crosses a gap. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  let path = '';
  let open = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      open = false;
      continue;
    }
    path += `${open ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
    open = true;
  }
  return path;
}

/** The path of a small line over `width` × `height`, its smallest value at the bottom. A level one lies in the middle. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length < 2) return '';
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const y = (value: number): number =>
    high === low ? height / 2 : height - 2 - ((value - low) / (high - low)) * (height - 4);
  const step = (width - 3) / (values.length - 1);
  return linePath(values.map((value, at) => [at * step, value === null ? NaN : y(value)] as const));
}
