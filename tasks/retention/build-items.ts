import { writeFileSync } from 'node:fs'
import { sha256 } from '../../schemas/hash.ts'
import { retentionLines } from './questions.ts'

// Writes the items again and prints what retention.yaml has to say of them: node tasks/retention/build-items.ts
const text = retentionLines()
writeFileSync(new URL('./items.jsonl', import.meta.url), text)
process.stdout.write(`file: items.jsonl\nsha256: ${sha256(text)}\ncount: ${text.trim().split('\n').length}\n`)
