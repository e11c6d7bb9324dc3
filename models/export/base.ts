import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { embeddedStudent, studentPath } from '../../provision/mod.ts'
import { readStudentChoice } from '../../trainer-bridge/student.ts'
import type { BaseReference } from './adapter.ts'

/** A base student as others are to find it. */
export type Base = {
  name: string
  /** On the model hub; null for a folder of this machine. */
  hubName: string | null
  /** As an adapter's configuration names it, so that it loads. */
  reference: BaseReference
  /** The hub's name of its licence; null where it is not known. */
  licence: string | null
  /** What tells it from the model of that name. */
  note: string | null
}

/**
 * What a topology's `student` names, for others. `as`: the name that the user wants an adapter to give its base, such as `org/model` or a
 * folder. Left out: the hub's name; of a folder of this machine its last part, since nobody else has the folder. Nothing is fetched.
 */
export async function baseOfChoice(choice: string, home: string, as?: string): Promise<Base> {
  const read = readStudentChoice(choice)
  switch (read.kind) {
    case 'embedded': {
      const { hubName, licence, note } = embeddedStudent
      return { name: basename(studentPath(home)), hubName, reference: referenceTo(as ?? hubName), licence, note }
    }
    case 'folder': {
      const hubName = as !== undefined && readStudentChoice(as).kind === 'hub' ? as : null
      const [name, licence] = [basename(read.path), await licenceIn(read.path)]
      return { name, hubName, reference: referenceTo(as ?? name), licence, note: null }
    }
    case 'hub':
      return {
        name: basename(read.name),
        hubName: read.name,
        reference: as === undefined ? { base_model_name_or_path: read.name, revision: read.revision } : referenceTo(as),
        licence: null,
        note: null,
      }
    default:
      return read satisfies never
  }
}

const referenceTo = (name: string): BaseReference => ({ base_model_name_or_path: name, revision: null })

const FrontMatter = z.object({ license: z.string() })

/** The licence that a model's card names. */
export async function licenceIn(folder: string): Promise<string | null> {
  const text = await readFile(join(folder, 'README.md'), 'utf8').catch(() => '')
  const yaml = /^---\r?\n(.*?)\r?\n---/s.exec(text)?.[1] ?? ''
  try {
    return FrontMatter.safeParse(parse(yaml)).data?.license ?? null
  } catch {
    return null
  }
}
