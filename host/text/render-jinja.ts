/** Renders Jinja as chat templates use it, with every value that it makes bounded in size. */
import { Environment, Interpreter, Template } from '@huggingface/jinja';

const jinjaLimits = {
  /** No published template counts further than the messages of a conversation. */
  rangeNumbers: 100_000,
  /** What a value may grow to by being put together, piece by piece. */
  characters: 4_000_000,
  items: 1_000_000,
} as const;

/** What is used of the library, whose own type files do not resolve under Node's rules for modules. */
interface JinjaInterpreter {
  /** Every part of a template goes through here. */
  evaluate(part: unknown, environment: unknown): { readonly value: unknown };
  run(program: unknown): { readonly value: unknown };
}

function boundedInterpreter(environment: unknown): JinjaInterpreter {
  const interpreter: JinjaInterpreter = new Interpreter(environment);
  const evaluate = interpreter.evaluate.bind(interpreter);
  interpreter.evaluate = (part, around) => {
    const evaluated = evaluate(part, around);
    const { value } = evaluated;
    if (typeof value === 'string' && value.length > jinjaLimits.characters)
      throw new Error(`it makes a text of more than ${jinjaLimits.characters} characters`);
    if (Array.isArray(value) && value.length > jinjaLimits.items)
      throw new Error(`it makes a list of more than ${jinjaLimits.items} items`);
    return evaluated;
  };
  return interpreter;
}

/** Throws where the template does not parse, fails, or makes more than the limits allow. */
export function renderJinja(text: string, variables: Readonly<Record<string, unknown>>): string {
  const { parsed } = new Template(text);
  const environment = new Environment();
  for (const [name, value] of Object.entries({ ...globals, ...variables }))
    environment.set(name, value);
  return String(boundedInterpreter(environment).run(parsed).value);
}

/** Those of the library, whose own `range` fills memory as far as it is told to. */
const globals: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  strftime_now: (format: string) => new Template('{{ strftime_now(format) }}').render({ format }),
  range,
};

function range(first: number, second?: number, step = 1): readonly number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  if (step === 0) throw new Error('range() step must not be zero');
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (count > jinjaLimits.rangeNumbers)
    throw new Error(`it counts further than ${jinjaLimits.rangeNumbers} with range()`);
  return Array.from({ length: count }, (_, index) => start + index * step);
}
