import { type Markup, trusted } from './markup.ts'

/** The report's style sheet: light and dark by the reader's setting, paper in print, nothing fetched. */
export const style: Markup = trusted(`
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --ink: #1d2126; --soft: #5a626c; --faint: #c9cdd2; --line: #e4e3de;
  --accent: #0b6e5f; --good: #0b6e5f; --bad: #b3372b; --open: #8a6410;
  --base: #7a828c; --control: #b0771a; --final: #0b6e5f; --attempt: #4a72b0; --trivial: #a23b4a;
  --series-1: #4a72b0; --series-2: #0b8a75; --series-3: #d18f2c; --series-4: #a2569a;
  --series-5: #c2503f; --series-6: #6d8b3a; --series-7: #5fa3c7; --series-8: #8a7a6a;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --card: #1b1f23; --ink: #e8e6e1; --soft: #a0a7af; --faint: #4a5158; --line: #2d3238;
    --accent: #53c4ae; --good: #53c4ae; --bad: #ef8474; --open: #dcb35a;
    --base: #99a1aa; --control: #dda447; --final: #53c4ae; --attempt: #86a9e0; --trivial: #e08a95;
    --series-1: #7ea3dd; --series-2: #47b9a2; --series-3: #dfa64f; --series-4: #c98bc2;
    --series-5: #e58475; --series-6: #a3bf70; --series-7: #8cc6e4; --series-8: #b9aa9a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 80px; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; }
h1 { font-size: 30px; letter-spacing: -0.015em; margin: 4px 0 6px; }
h2 { font-size: 21px; letter-spacing: -0.01em; margin: 56px 0 12px; padding-top: 18px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 28px 0 8px; }
p { margin: 8px 0; max-width: 76ch; }
.kicker { color: var(--accent); font-size: 13px; font-weight: 650; letter-spacing: 0.06em; text-transform: uppercase; }
.soft, .note, figcaption { color: var(--soft); }
.note, figcaption { font-size: 14px; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.875em; overflow-wrap: anywhere; }
li code { white-space: nowrap; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 22px; color: var(--soft); font-size: 14px; margin: 10px 0 0; padding: 0; list-style: none; }
.facts b { color: var(--ink); font-weight: 600; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(126px, 1fr)); gap: 10px; margin: 8px 0 18px; }
.cards-title { margin: 28px 0 0; }
.card { background: var(--card); border: 1px solid var(--line); border-top: 3px solid var(--tone, var(--faint)); border-radius: 8px; padding: 12px 12px 10px; break-inside: avoid; }
.card .name { font-size: 14px; color: var(--soft); }
.card .figure { font-size: 27px; font-weight: 640; letter-spacing: -0.02em; line-height: 1.25; font-variant-numeric: tabular-nums; }
.card .detail { font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; }
.claims { list-style: none; padding: 0; margin: 18px 0; display: grid; gap: 10px; }
.claims li { display: grid; grid-template-columns: 108px 1fr; gap: 14px; align-items: baseline; max-width: 92ch; }
.verdict { font-size: 12px; font-weight: 650; text-align: center; border: 1.5px solid currentColor; border-radius: 99px; padding: 1px 8px; white-space: nowrap; }
.verdict.shown { color: var(--good); } .verdict.opposite { color: var(--bad); } .verdict.not-shown, .verdict.not-measured { color: var(--open); }
.caveats { border-left: 3px solid var(--faint); margin: 18px 0; padding: 2px 0 2px 16px; color: var(--soft); font-size: 14.5px; }
.caveats p { margin: 4px 0; }
.scroll { overflow-x: auto; margin: 12px 0; }
table { border-collapse: collapse; overflow-wrap: normal; font-size: 14px; font-variant-numeric: tabular-nums; width: 100%; }
caption { text-align: left; color: var(--soft); padding: 0 0 8px; caption-side: top; }
th, td { text-align: left; vertical-align: top; padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 550; border-bottom: 1.5px solid var(--faint); vertical-align: bottom; }
th[scope=row] { font-weight: 600; }
td.number, th.number { text-align: right; padding: 8px 0 8px 14px; white-space: nowrap; }
thead th.number { white-space: normal; }
td.number + td:not(.number), th.number + th:not(.number) { padding-left: 18px; }
td .under, th .under { display: block; color: var(--soft); font-size: 12.5px; font-weight: 400; line-height: 1.45; }
td.lead, th.lead { background: color-mix(in srgb, var(--accent) 8%, transparent); padding-right: 10px; }
td.lead + td.number, th.lead + th.number { padding-left: 18px; } th.number:has(+ .lead), td.number:has(+ .lead) { padding-right: 14px; }
tr.final th, tr.final td { font-weight: 640; } tr.final .under { font-weight: 400; }
.up { color: var(--good); } .down { color: var(--bad); }
figure { margin: 18px 0 8px; break-inside: avoid; }
figure .scroll { margin: 0; } figure svg { display: block; max-width: none; height: auto; }
@media (min-width: 1020px) { figure svg { max-width: 100%; } }
figcaption { margin-top: 6px; max-width: 86ch; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 8px 36px; align-items: start; }
.pair figure svg { max-width: 100%; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; font-size: 13px; color: var(--soft); margin: 4px 0; padding: 0; list-style: none; }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--tone); margin-right: 6px; }
.legend i.ring { background: none; border: 1.5px solid var(--soft); border-radius: 50%; }
.row { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; margin: 10px 0; break-inside: avoid; }
.row .asked { color: var(--soft); }
.row pre { font: inherit; font-size: 14px; white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0; }
.row .what { font-size: 13px; color: var(--soft); }
.row .answer { border-left: 2px solid var(--accent); padding-left: 10px; }
.row .wrong { border-left: 2px solid var(--bad); padding-left: 10px; }
.summary { font-size: 19px; line-height: 1.45; font-weight: 600; margin: 22px 0 8px; text-wrap: pretty; }
details.part { border-top: 1px solid var(--line); margin: 0; padding: 4px 0; } details.part > summary { color: inherit; padding: 10px 0; }
details.part h2 { display: inline; border: 0; margin: 0; padding: 0; }
details { margin: 12px 0; } summary { cursor: pointer; color: var(--accent); font-weight: 550; }
dl { display: grid; grid-template-columns: minmax(150px, max-content) 1fr; gap: 4px 20px; font-size: 14px; margin: 12px 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
ul.plain { padding-left: 20px; max-width: 82ch; } ul.plain li { margin: 4px 0; }
.absent { color: var(--soft); background: var(--card); border: 1px dashed var(--faint); border-radius: 8px; padding: 14px 16px; }
footer { margin-top: 56px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13.5px; }
@media (max-width: 560px) { main { padding: 24px 16px 56px; } li code { white-space: normal; } .summary { font-size: 17px; } h1 { font-size: 25px; } .claims li { grid-template-columns: 1fr; gap: 4px; } .verdict { justify-self: start; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --faint: #aaa; --line: #ddd; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } h2 { margin-top: 26pt; break-after: avoid; } h3 { break-after: avoid; }
  .scroll { overflow: visible; } figure svg { max-width: 100%; } tr { break-inside: avoid; } th.number { white-space: normal; } table { font-size: 9pt; }
  details::details-content { content-visibility: visible; } summary { color: inherit; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@page { margin: 16mm 14mm; }
`)
