// Sets theme and palette before the first paint. A file of its own, because the content security policy forbids inline scripts.
(() => {
  const root = document.documentElement;
  let scheme, palette;
  try {
    scheme = localStorage.getItem('scheme');
    palette = localStorage.getItem('palette');
  } catch {
    // Storage can be forbidden; the system's choice then stands.
  }
  const light = scheme === 'light' || (scheme !== 'dark' && matchMedia('(prefers-color-scheme: light)').matches);
  root.dataset.theme = light ? 'light' : 'dark';
  if (palette === 'cb') root.dataset.palette = 'cb';
})();
