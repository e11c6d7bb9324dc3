export const outerGone: string
export function whenNpmIsGone(callback: () => void): void
