/** What can be wrong with a graph, a file or a run: a code, a place, a sentence that says what to do. */
import { z } from 'zod';
import type { DeepReadonly } from './document.ts';
import { editSchema } from './edit.ts';
import { plainSentence } from './plain-sentence.ts';

/** Every code a problem can carry, with what it means. Sentences are written where the facts are known. */
export const problemCodes = {
  // files and documents
  'file-unreadable': 'A file cannot be read.',
  'file-too-large': 'A file is larger than the named limit.',
  'file-unwritable': 'A file or folder cannot be written.',
  'file-changed': 'A file is no longer as it was opened or saved last.',
  'place-unchosen': 'A graph names a file or folder that its user has not chosen.',
  'file-exists': 'There is a file of this name already.',
  'json-broken': 'A file is not valid JSON.',
  'document-foreign': 'A JSON file is not a Patchbay graph.',
  'document-newer': 'A graph was written by a newer version of Patchbay.',
  'document-invalid': 'A graph breaks its schema or one of its limits.',
  'page-missing': 'The page that a browser would show is not there and cannot be built.',
  'port-taken': 'A port of this machine is in use, or may not be used.',
  'preset-unknown': 'No preset has this name.',
  'machine-unknown': 'No described machine has this name.',
  'machine-invalid': 'A file describes no machine, or one that makes no sense.',
  'machine-unmeasured': 'What this machine reaches is not known yet.',
  'no-small-form': 'A part cannot be made small enough for --scale tiny.',
  // graph
  'node-unknown': 'A node type is not in the catalogue; it is kept as it is.',
  'node-newer': 'A node was written by a newer version of Patchbay; it is kept as it is.',
  'port-unknown': 'A wire ends at a port that its node does not have; it is kept as it is.',
  'param-unknown': 'A parameter is not one of its node; it is kept as it is.',
  'param-invalid': 'A parameter has the wrong type or lies outside its range.',
  'wire-kind': 'A wire joins ports of different kinds.',
  'wire-dangling': 'A wire ends at a node that does not exist.',
  'input-taken': 'An input has more than one wire.',
  'input-missing': 'An input that a node needs has no wire.',
  cycle: 'Nodes feed each other in a circle.',
  'dimension-mismatch':
    'A node expects another number of channels, tokens or pixels than it is given.',
  'arrangement-unsupported': 'A node cannot work with this combination of parameters or inputs.',
  'parts-conflict':
    'Parts exclude each other, or act where the node that they plug into has nothing.',
  'output-missing': 'The graph has nothing to run.',
  'graph-too-large': 'A graph has more layers or operators than are checked, estimated and run.',
  'check-stopped': 'A check or an estimate was ended before it was done.',
  // inputs of a run
  'image-missing': 'The graph has no picture to look at.',
  'image-unreadable': 'A picture cannot be decoded.',
  'clip-missing': 'The graph has no clip to look at.',
  'clip-unreadable': 'A clip, or one of its frames, cannot be read.',
  'prompt-missing': 'The graph has no question to answer.',
  'reader-missing': 'What reads text in pictures, or its data for a language, is not installed.',
  'text-missing': 'No text could be read in a picture.',
  'marker-mismatch': 'A prompt has places for another number of pictures or clips than are wired.',
  'context-overflow': 'Prompt and picture have more tokens than the language model can hold.',
  // weights
  'checkpoint-unreadable': 'A checkpoint folder or one of its files cannot be read.',
  'config-foreign': 'A configuration file describes no such node, or is not there.',
  'config-unsupported': 'A configuration asks for something that is not built.',
  'checkpoint-broken': 'A safetensors file breaks its format.',
  'tensor-missing': 'A checkpoint lacks a tensor that the node needs.',
  'tensor-extra': 'A checkpoint holds a tensor that the node does not use.',
  'tensor-shape': 'A tensor of a checkpoint has another shape than the node needs.',
  'tensor-type': 'A tensor of a checkpoint has a number type that Patchbay does not read.',
  'tokenizer-unreadable': 'A tokenizer cannot be loaded.',
  // running
  'cache-unwritable': 'The stage cache cannot be written.',
  'cache-damaged': 'A stored stage is no longer what was written, and is built again.',
  'priority-refused': 'The system lets no program of this user come before others.',
  'memory-short': 'A stage needs more memory than the machine has.',
  'stage-failed': 'ONNX Runtime or a host step refused a stage.',
  'engine-died': 'The engine process ended during a run.',
  'host-unreachable': 'The engine server does not answer.',
  'machine-busy': 'The machine does other work, so that nothing can be measured or run beside it.',
  'queue-full': 'As many runs wait as are kept.',
  'run-unknown': 'No run has this name.',
  'run-cancelled': 'The run was cancelled.',
} as const;

export type ProblemCode = keyof typeof problemCodes;

const codes = Object.keys(problemCodes) as [ProblemCode, ...ProblemCode[]];

export const problemSchema = z.object({
  code: z.enum(codes),
  /** An error stops a run; a warning does not. */
  severity: z.enum(['error', 'warning']),
  /** One sentence: what happened, where, and what to do. */
  message: z.string(),
  node: z.string().optional(),
  port: z.string().optional(),
  param: z.string().optional(),
  /** The file or folder that the user may choose, where that mends the problem. */
  unchosen: z.string().optional(),
  /** Edits that mend the problem, offered only where the mend is certain. */
  mend: z.object({ title: z.string(), edits: z.array(editSchema) }).optional(),
});

export type Problem = DeepReadonly<z.infer<typeof problemSchema>>;
export type ProblemPlace = Pick<Problem, 'node' | 'port' | 'param' | 'unchosen' | 'mend'>;

export function error(code: ProblemCode, message: string, place: ProblemPlace = {}): Problem {
  return { code, severity: 'error', message: plainSentence(message), ...place };
}

export function warning(code: ProblemCode, message: string, place: ProblemPlace = {}): Problem {
  return { code, severity: 'warning', message: plainSentence(message), ...place };
}

export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some((problem) => problem.severity === 'error');
}
