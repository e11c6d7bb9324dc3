/** What the gateway answered, or why it did not. */
export type Read<T> = { value: T } | { error: string }

export type Reading = ReturnType<typeof createReading>

/** Asks the gateway for tables of a run. `onOffered` is called once it is known that it has some. */
export function createReading({ token, run, onOffered }: { token: string; run: string | null; onOffered: () => void }) {
  let isOffered = false
  void fetch(`/read?${new URLSearchParams({ token })}`)
    .then((response) => response.json())
    .then(({ offered }: { offered: boolean }) => {
      isOffered = offered && run !== null
      onOffered()
    })
    .catch(() => {})

  const addressOf = (table: string, query: Readonly<Record<string, string>> = {}) =>
    `/read/${table}?${new URLSearchParams({ token, run: run ?? '', ...query })}`

  return {
    run,
    isOffered: () => isOffered,
    /** Where the report of a run that is over is read; null where it is not. */
    reportAddress: () => (isOffered ? addressOf('report') : null),
    async get<T>(table: string, query?: Readonly<Record<string, string>>): Promise<Read<T>> {
      const response = await fetch(addressOf(table, query)).catch(() => null)
      if (response === null) return { error: 'The gateway does not answer.' }
      return response.ok ? { value: (await response.json()) as T } : { error: await reasonIn(response) }
    },
  }
}

/** Why a request was refused, as the gateway says it. */
export async function reasonIn(response: Response): Promise<string> {
  const text = await response.text()
  try {
    return String((JSON.parse(text) as { error: unknown }).error)
  } catch {
    return text
  }
}
