export const outerGone: string
export function whenNpmIsGone(callback: () => void): void
export function addSelf(): void
export function isOuterGone(): boolean
