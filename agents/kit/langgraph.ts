import { createRequire } from 'node:module'
import type * as LangGraph from '@langchain/langgraph'

// Its CommonJS form loads in half the time of the other, and processes of agents start with every command.
const langgraph: typeof LangGraph = createRequire(import.meta.url)('@langchain/langgraph')

export const { Annotation, END, START, StateGraph } = langgraph
