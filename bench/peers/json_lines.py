"""Answers requests in JSON, one object a line, by the function that each names as its kind."""

import json
import sys
import traceback


def serve(work):
    # Whatever libraries print is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"value": work[request.pop("kind")](**request)}
        except Exception as cause:
            traceback.print_exc()
            answer = {"failure": f"{type(cause).__name__}: {cause}".splitlines()[0]}
        print(json.dumps(answer), file=answers, flush=True)
