/** The paper's modes: one-shot takes the first valid dataset of at most 8 attempts, iterative goes on for up to 30. */
export const modes = { 'one-shot': { oneShot: true, maxAttempts: 8 }, iterative: { maxAttempts: 30 } } as const
export type LlmMode = keyof typeof modes
