import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { putInPlace, textOrNull } from '../machine/state-file.ts'
import { jsonOrNull } from '../schemas/bounded-json.ts'
import { sha256 } from '../schemas/hash.ts'
import { plural } from '../schemas/number-text.ts'
import { type InferRequest, Prediction } from '../schemas/runtime-protocol.ts'
import type { PublicTask, Question } from '../schemas/task.ts'
import type { StudentModel } from '../schemas/training.ts'
import { repliesKey, requireAdapterOf } from './job.ts'
import { adapterFolder, type BridgeParts, type OnProgress } from './trainings.ts'

type Asked = {
  studentModel: StudentModel
  questions: readonly Question[]
  task: PublicTask
  inference: InferRequest['inference']
  onProgress: OnProgress
  signal: AbortSignal
}

/** Answers questions as a student model. Replies are kept by what they depend on, so the base student answers a set only once. */
export function createReplies({ bus, runtime, answerer, student, scratch }: BridgeParts) {
  const cache = join(scratch, 'replies')

  return {
    /** Returns the path of a predictions file. */
    async answer(asked: Asked): Promise<string> {
      const { studentModel, task, inference, onProgress, signal } = asked
      requireAdapterOf(student, studentModel)
      const examples = studentModel.examples ? task.fewShot : []
      const text = linesOf(asked.questions, examples)
      const key = repliesKey({
        student,
        adapterSha256: studentModel.adapter?.sha256 ?? null,
        questionsSha256: sha256(text),
        examples,
        inference,
        system: task.recipe.system,
        answerer: studentModel.runtimes?.infer,
      })
      const path = join(cache, `${key}.jsonl`)
      if (await answers(path, asked.questions)) return path
      await mkdir(cache, { recursive: true })
      const questions = join(cache, `${key}.questions.jsonl`)
      const partial = join(cache, `${key}.partial`)
      await writeFile(questions, text)
      const adapter =
        studentModel.adapter && studentModel.jobHash
          ? await adapterFolder(bus, scratch, studentModel.jobHash, studentModel.adapter)
          : null
      await answerer.infer(
        {
          student: student.path,
          adapter,
          questions,
          inference,
          system: task.recipe.system,
          lora_rank: task.recipe.lora_rank,
          out: partial,
        },
        { signal, onProgress: ({ done, total, eta_s }) => onProgress('infer', done, total, { etaSeconds: eta_s }) },
      )
      await putInPlace(partial, path)
      await rm(questions, { force: true })
      return path
    },

    /** Why the questions cannot be asked with the task's worked examples before them; nothing where they can. */
    async examplesFit(asked: Asked): Promise<{ examplesLeftOut?: string }> {
      const { task, inference, signal } = asked
      await mkdir(cache, { recursive: true })
      const questions = join(cache, `${randomUUID()}.questions.jsonl`)
      try {
        await writeFile(questions, linesOf(asked.questions, task.fewShot))
        const longest = await runtime.longestPrompt(
          { student: student.path, questions, inference, system: task.recipe.system },
          { signal },
        )
        if (longest.fits) return {}
        const { tokens, room, context } = longest
        return {
          examplesLeftOut: `the ${task.fewShot.length} worked ${plural(task.fewShot.length, 'example')} and a question take ${tokens} tokens, which with a reply of ${room} are more than the student's ${context}`,
        }
      } finally {
        await rm(questions, { force: true })
      }
    },
  }
}

/** The file of questions that the runtime reads. */
const linesOf = (questions: readonly Question[], examples: PublicTask['fewShot']): string =>
  questions.map(({ id, instruction, input }) => `${JSON.stringify({ id, instruction, input, examples })}\n`).join('')

/** Whether the file is there and holds a reply to each question; one that a disk has damaged is made again. */
async function answers(path: string, questions: readonly Question[]): Promise<boolean> {
  const text = await textOrNull(path)
  const lines = text?.split('\n').filter((line) => line !== '')
  if (lines?.length !== questions.length) return false
  return lines.every((line, i) => Prediction.safeParse(jsonOrNull(line)).data?.id === questions[i]!.id)
}
