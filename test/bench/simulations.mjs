// `npm run simulate`: the intervals of reports; `npm run simulate -- scale`: a large `generate`.
await import(process.argv.includes('scale') ? './scale.ts' : './simulate.ts')
