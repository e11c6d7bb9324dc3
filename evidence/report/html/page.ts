import { html, type Markup } from '../markup.ts'
import { style } from './style.ts'

/** One HTML file: no script, nothing fetched. */
export function page(title: string, body: Markup): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${title} · Syllabus</title>
<style>${style}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`.markup
}
