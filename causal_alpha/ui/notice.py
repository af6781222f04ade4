"""What the hub shows where the page should be, when it isn't built."""

NOTICE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Causal Alpha</title>
<style>
  :root { color-scheme: dark light }
  body { max-width: 560px; margin: 15vh auto; padding: 0 16px; font: 15px/22px system-ui, sans-serif }
  code { font: inherit; font-weight: 600 }
</style>
<h1>The page is not built</h1>
<p>The hub runs; its API is at <a href="api/v1/health">/api/v1</a>.</p>
<p>To build the page: <code>cd web &amp;&amp; npm ci &amp;&amp; npm run build</code>, then start the hub again.
A wheel of Causal Alpha carries it built.</p>
</html>
"""
