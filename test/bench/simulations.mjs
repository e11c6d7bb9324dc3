// `npm run simulate`: the intervals of reports; `npm run simulate -- scale`: a large `generate`; `npm run simulate -- search`: strategies.
const named = ['scale', 'search'].find((name) => process.argv.includes(name))
await import(`./${named ?? 'simulate'}.ts`)
