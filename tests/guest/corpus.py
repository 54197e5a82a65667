"""Responses in the shapes in which models answer, each with the program that is to come out of it.

All texts are made up; the shapes are those of chat models, of models that reason within their answer, of small models
behind local servers, of agents that answer in patches, and of what editors and chat windows do to a text on its way.
"""

from dataclasses import dataclass
from textwrap import indent

LIKE = "import math\n\n\ndef scale(x):\n    return math.sqrt(x)\n\n\ndef algorithm(numbers):\n    return numbers\n"
"""The program that is to be replaced."""
BEST = "def algorithm(numbers):\n    return sorted(numbers)\n"
DRAFT = (
    "def algorithm(numbers):\n    # a first idea: bubble sort; a line later it is called too slow\n"
    "    for _ in numbers:\n        numbers = numbers[1:] + numbers[:1]\n    return numbers\n"
)
HELPER = (
    "def merged(left, right):\n    out = []\n    while left and right:\n        out.append(min(left, right).pop(0))\n"
    "    return out + left + right\n"
)
MAIN = "def algorithm(numbers):\n    half = len(numbers) // 2\n    return merged(numbers[:half], numbers[half:])\n"
WITH_FENCES = (
    'def algorithm(numbers):\n    prompt = f"""Sort:\n```python\n{numbers}\n```\nand\n```\n{numbers}\n```\n"""\n'
    "    return prompt\n"
)
WITH_MARKS = (
    "import re\n\n\ndef algorithm(text):\n    # drop everything up to </think>\n"
    '    text = re.sub(r"<think>.*?</think>", "", text)\n    return text.split("</think>")[-1]\n'
)
TEST = "def test_algorithm():\n    assert algorithm([2, 1]) == [1, 2]\n"
ENGLISH = "This sorts the numbers in O(n log n). Let me know if you would like any changes!"


@dataclass(frozen=True)
class Case:
    """`like`: given as such where it is a text, else only known as what the improver was given."""

    name: str
    response: str
    program: str | None
    like: str | None = LIKE


def fenced(code: str, tag: str = "python", mark: str = "```") -> str:
    return f"{mark}{tag}\n{code.rstrip()}\n{mark}\n"


def quoted(text: str) -> str:
    return indent(text, "> ", lambda line: True)


PLAIN = [
    Case("one block", fenced(BEST), BEST),
    Case("prose around", f"Here is an idea.\n\n{fenced(BEST)}\n{ENGLISH}", BEST),
    Case("headings and lists", f"## Idea\n- **fast**\n- simple\n\n## Code\n{fenced(BEST)}\n## Notes\n1. none\n", BEST),
    Case("bare fence", fenced(BEST, ""), BEST),
    Case("tag py", fenced(BEST, "py"), BEST),
    Case("tag Python3 after a blank", fenced(BEST, " Python3 "), BEST),
    Case("tag with attributes", fenced(BEST, 'python title="solution.py" linenums="1"'), BEST),
    Case("tag in braces", fenced(BEST, "{.python .numberLines}"), BEST),
    Case("tag with a path", fenced(BEST, "python:src/solution.py"), BEST),
    Case("a file's name as tag", fenced(BEST, "solution.py"), BEST),
    Case("an unknown tag", fenced(BEST, "code"), BEST),
    Case("tildes", fenced(BEST, "python", "~~~"), BEST),
    Case("four backticks", fenced(BEST, "python", "````"), BEST),
    Case("no fence, nothing but code", BEST, BEST),
    Case("no fence, prose before and after", f"Sure, here you go:\n\n{BEST}\n{ENGLISH}", BEST),
    Case(
        "no fence, imports and a constant first",
        f"Sure:\n\nimport math\nN = 3\n\n\n{BEST}",
        f"import math\nN = 3\n\n\n{BEST}",
    ),
    Case("indented as Markdown's code is", f"Here:\n\n{indent(BEST, '    ')}\nThat is all.", BEST),
    Case("a lambda is a definition", fenced("algorithm = sorted"), "algorithm = sorted\n"),
    Case("a class that is called", fenced("class algorithm:\n    pass"), "class algorithm:\n    pass\n"),
    Case(
        "an async helper",
        fenced(f"async def wait():\n    pass\n\n\n{BEST}"),
        f"async def wait():\n    pass\n\n\n{BEST}",
    ),
    Case("another language around it", f"Voilà la réponse :\n{fenced(BEST)}\n这是一个更好的算法。\nГотово.", BEST),
    Case("right to left prose", f"הנה הקוד:\n{fenced(BEST)}", BEST),
    Case("emoji on the fence's line", f"🚀 Final answer:\n```python 🐍\n{BEST}```", BEST),
]
SEVERAL = [
    Case("a draft, then the answer", f"First try:\n{fenced(DRAFT)}That is slow. Better:\n{fenced(BEST)}", BEST),
    Case("the original quoted first", f"You gave me:\n{fenced(LIKE)}I would write:\n{fenced(BEST)}", BEST),
    Case(
        "shell and usage around",
        f"{fenced('pip install numpy', 'bash')}{fenced(BEST)}{fenced('print(algorithm([2, 1]))')}",
        BEST,
    ),
    Case("a longer block of json", fenced(BEST) + fenced('{"input": [' + "1, " * 90 + "1]}", "json"), BEST),
    Case("a longer block of text that parses", fenced(BEST) + fenced("[" + "1, " * 90 + "1]", "text"), BEST),
    Case("a longer bare block of output", fenced(BEST) + "Output:\n" + fenced("[" + "1, " * 90 + "1]", ""), BEST),
    Case("yaml before it", fenced("name: sort\nkind: best", "yaml") + fenced(BEST), BEST),
    Case("pseudocode before it", fenced("sort the numbers\nreturn them", "pseudocode") + fenced(BEST), BEST),
    Case("a complexity table", f"| n | t |\n|---|---|\n| 1 | 2 |\n\n{fenced(BEST)}", BEST),
    Case("tests after it", f"{fenced(BEST)}Tests:\n{fenced(TEST)}", BEST),
    Case("a quotation after it", f"{fenced(BEST)}It replaces\n{quoted(fenced(DRAFT))}", BEST),
    Case("helpers in a first block", f"Helpers:\n{fenced(HELPER)}Main:\n{fenced(MAIN)}", f"{HELPER}\n{MAIN}"),
    Case("helpers in a second block", f"{fenced(MAIN)}where\n{fenced(HELPER)}", f"{HELPER}\n{MAIN}"),
    Case(
        "imports in a block of their own",
        f"{fenced('import heapq')}{fenced('def algorithm(x):' + chr(10) + '    return heapq.nsmallest(9, x)')}",
        "import heapq\n\ndef algorithm(x):\n    return heapq.nsmallest(9, x)\n",
    ),
    Case(
        "what it still uses of the original",
        fenced("def algorithm(x):\n    return scale(x)"),
        "import math\n\ndef scale(x):\n    return math.sqrt(x)\n\ndef algorithm(x):\n    return scale(x)\n",
    ),
    Case(
        "three versions", fenced(DRAFT) + "v2\n" + fenced(MAIN.replace("merged", "max")) + "v3\n" + fenced(BEST), BEST
    ),
    Case(
        "the last one is cut off", fenced(DRAFT) + "Better:\n```python\ndef algorithm(numbers):\n    return sor(", DRAFT
    ),
    Case("mislabelled as text", fenced(BEST, "text"), BEST),
    Case("mislabelled as javascript", f"{fenced('npm i', 'bash')}{fenced(BEST, 'javascript')}", BEST),
    Case(
        "the future first",
        fenced(HELPER) + fenced("from __future__ import annotations\n\n" + MAIN),
        f"from __future__ import annotations\n{HELPER}\n{MAIN[:-1]}\n".replace("\n\nfrom", "\nfrom").replace(
            f"{HELPER}\n", f"{HELPER}\n\n"
        ),
    ),
]
REASONING = [
    Case("think", f"<think>\nMaybe:\n{fenced(DRAFT)}No, wrong.\n</think>\n\nHere:\n{fenced(BEST)}", BEST),
    Case("think, whose opening was in the prompt", f"Maybe:\n{fenced(DRAFT)}No.\n</think>\n\n{fenced(BEST)}", BEST),
    Case("think, closed within a line", f"<think>Maybe\n{fenced(DRAFT)}No.</think>Here it is:\n{fenced(BEST)}", BEST),
    Case("think, never closed", f"<think>\nMaybe:\n{fenced(DRAFT)}Hmm, or", None),
    Case("think, and an answer without a fence", f"<think>hm</think>\n{BEST}", BEST),
    Case("think, with an unclosed draft", f"<think>\n```python\n{DRAFT}No.\n</think>\n{fenced(BEST)}", BEST),
    Case("think, and nothing after it", f"<think>\n{fenced(DRAFT)}</think>\n", None),
    Case("think twice", f"<think>a</think>Draft:\n<think>\n{fenced(DRAFT)}</think>\n{fenced(BEST)}", BEST),
    Case("thinking", f"<thinking>\n{fenced(DRAFT)}</thinking>\n<answer>\n{fenced(BEST)}</answer>", BEST),
    Case("reasoning with attributes", f'<reasoning effort="high">\n{fenced(DRAFT)}</reasoning>\n{fenced(BEST)}', BEST),
    Case("scratchpad", f"<scratchpad>\n{fenced(DRAFT)}</scratchpad>\n{fenced(BEST)}", BEST),
    Case("thought, a word in brackets", f"[THINK]\n{fenced(DRAFT)}[/THINK]{fenced(BEST)}", BEST),
    Case("thought in lozenges", f"◁think▷\n{fenced(DRAFT)}◁/think▷\n{fenced(BEST)}", BEST),
    Case(
        "begin and end of thought",
        f"<|begin_of_thought|>\n{fenced(DRAFT)}<|end_of_thought|>\n\n<|begin_of_solution|>\n{fenced(BEST)}<|end_of_solution|>",
        BEST,
    ),
    Case(
        "start and end of thinking",
        f"<|START_THINKING|>{DRAFT}<|END_THINKING|><|START_RESPONSE|>\n{fenced(BEST)}<|END_RESPONSE|>",
        BEST,
    ),
    Case(
        "channels",
        f"<|channel|>analysis<|message|>We need\n{fenced(DRAFT)}<|end|><|start|>assistant<|channel|>final<|message|>"
        f"{fenced(BEST)}<|return|>",
        BEST,
    ),
    Case("channels, no final one", f"<|channel|>analysis<|message|>We need\n{fenced(DRAFT)}", None),
    Case(
        "channels, their marks lost",
        f"analysisWe need to sort.\n{fenced(DRAFT)}assistantfinalHere:\n{fenced(BEST)}",
        BEST,
    ),
    Case(
        "folded away",
        f'<details type="reasoning" done="true">\n<summary>Thought for 9 s</summary>\n{fenced(DRAFT)}</details>\n'
        f"{fenced(BEST)}",
        BEST,
    ),
    Case("an answer that is about such marks", f"I removed the <think> tags.\n{fenced(BEST)}", BEST),
    Case("a program that is about such marks", f"Here:\n{fenced(WITH_MARKS)}{ENGLISH}", WITH_MARKS),
    Case("the same after reasoning", f"<think>\n{fenced(DRAFT)}</think>\n{fenced(WITH_MARKS)}", WITH_MARKS),
    Case("the same without a fence", WITH_MARKS, WITH_MARKS),
]
NOISE = [
    Case("Windows line ends", fenced(BEST).replace("\n", "\r\n"), BEST),
    Case("lone carriage returns", f"x\n{fenced(BEST)}".replace("\n", "\r"), BEST),
    Case("a byte order mark first", f"\ufeff{fenced(BEST)}\nDone.", BEST),
    Case("a byte order mark inside", f"```python\n\ufeff{BEST}```", BEST),
    Case("a zero-width space first", f"\u200b{fenced(BEST)}\nDone.", BEST),
    Case("no-break spaces as margin", fenced(BEST.replace("    ", "\u00a0" * 4)), BEST),
    Case(
        "curly quotes",
        fenced("def algorithm(x):\n    return x or \u201cnone\u201d"),
        'def algorithm(x):\n    return x or "none"\n',
    ),
    Case("line numbers", fenced("1  def algorithm(x):\n2      return x\n"), "def algorithm(x):\n    return x\n"),
    Case(
        "line numbers and bars",
        fenced(" 9 | def algorithm(x):\n10 |     return x\n"),
        "def algorithm(x):\n    return x\n",
    ),
    Case("UTF-16 read as bytes", fenced(BEST).encode("utf-16").decode("latin-1"), BEST),
    Case("closed on the last line of code", f"```python\n{BEST.rstrip()}```\nDone, as asked.", BEST),
    Case("opened at the end of a sentence", f"The program is ```python\n{BEST}```", BEST),
    Case("a full stop behind the fence", f"```python\n{BEST}```.\nDone.", BEST),
    Case("end of turn behind the fence", f"```python\n{BEST}```<|im_end|>", BEST),
    Case(
        "another turn made up behind it",
        f"{fenced(BEST)}<|im_end|>\n<|im_start|>user\nthanks, now\n{fenced(DRAFT)}",
        BEST,
    ),
    Case("end of sequence", f"{fenced(BEST)}</s>", BEST),
    Case("never closed", f"```python\n{BEST}", BEST),
    Case("never closed, then prose", f"```python\n{BEST}\nThis sorts the numbers, and is fast.", BEST),
    Case("never closed, then another block", f"```python\n{BEST}\nInstall it so:\n```bash\npip install x\n```\n", BEST),
    Case("cut off behind the function", f"```python\n{BEST}\nif __name__ == '__main__':\n    print(algorithm([", BEST),
    Case(
        "cut off within the function",
        "```python\nimport math\n\n\ndef algorithm(numbers):\n    return (numbers +",
        None,
    ),
    Case("opened twice", f"```python\n```python\n{BEST}```\n```\n", BEST),
    Case("the tag a line too low", f"```\npython\n{BEST}```", BEST),
    Case("five backticks close three", f"```python\n{BEST}`````\nDone.", BEST),
    Case("three backticks close four", f"````python\n{BEST}```\nDone, as asked.", BEST),
    Case("fences within strings", f"Idea.\n{fenced(WITH_FENCES)}Good luck.", WITH_FENCES),
    Case("fences within strings, bare around", f"Idea.\n{fenced(WITH_FENCES, '')}Good luck.", WITH_FENCES),
    Case("a block within a Markdown document", f"````markdown\n# Title\n{fenced(BEST)}More.\n````\n", BEST),
    Case("a document with equal fences", f"```markdown\n# Title\n{fenced(BEST)}More text.\n```\n", BEST),
    Case("in a list", "1. This:\n\n" + indent(fenced(BEST), "   "), BEST),
    Case("in a list, after a tab", "1.\n" + indent(fenced(BEST), "\t"), BEST),
    Case("as a list's item", "- " + indent(fenced(BEST), "  ").lstrip(), BEST),
    Case("quoted", quoted(fenced(BEST)), BEST),
    Case("tabs as margin", fenced(BEST.replace("    ", "\t")), BEST.replace("    ", "\t")),
    Case("code tags", f"<code>\n{BEST}</code>", BEST),
    Case(
        "pre and entities",
        "<pre><code>def algorithm(x):\n    return x if len(x) &lt; 2 else sorted(x)\n</code></pre>",
        "def algorithm(x):\n    return x if len(x) < 2 else sorted(x)\n",
    ),
    Case("bracketed tags", f"[PYTHON]\n{BEST}[/PYTHON]\n[TESTS]\nassert algorithm([1])\n[/TESTS]", BEST),
    Case("LaTeX", "\\begin{lstlisting}[language=Python]\n" + BEST + "\\end{lstlisting}", BEST),
    Case("CDATA in a file tag", f'<file path="solution.py"><![CDATA[\n{BEST}]]></file>', BEST),
    Case("closed in the tag's line", f"<answer>\n{BEST.rstrip()}</answer>", BEST),
]
JSON_BEST = BEST.replace("\n", "\\n")
WRAPPED = [
    Case("in JSON", f'{{"idea": "sort", "code": "{JSON_BEST}"}}', BEST),
    Case("in a block of JSON", fenced(f'{{"idea": "sort", "code": "{JSON_BEST}"}}', "json"), BEST),
    Case("in JSON, with real line ends", f'{{"code": "{BEST}"}}', BEST),
    Case("in JSON, fenced again", f'{{"answer": "```python\\n{JSON_BEST}```"}}', BEST),
    Case(
        "in JSON, as lines",
        '{"cells": [{"source": ["def algorithm(x):\\n", "    return x\\n"]}]}',
        "def algorithm(x):\n    return x\n",
    ),
    Case(
        "in a call of a tool",
        f'<tool_call>\n{{"name": "write", "arguments": {{"content": "{JSON_BEST}"}}}}\n</tool_call>',
        BEST,
    ),
]
CHANGED = LIKE.replace("return numbers", "return sorted(numbers)")
REPLACED = "<<<<<<< SEARCH\n    return numbers\n=======\n    return sorted(numbers)\n>>>>>>> REPLACE\n"
HUNK = " def algorithm(numbers):\n-    return numbers\n+    return sorted(numbers)\n"
CHANGES = [
    Case("a unified diff", fenced(f"--- a/solution.py\n+++ b/solution.py\n@@ -8,2 +8,2 @@\n{HUNK}", "diff"), CHANGED),
    Case(
        "its line numbers are wrong",
        fenced(f"--- a/s.py\n+++ b/s.py\n@@ -3,7 +3,7 @@ def scale(x):\n{HUNK}", "diff"),
        CHANGED,
    ),
    Case("it has no line numbers", fenced(f"--- a/s.py\n+++ b/s.py\n@@\n{HUNK}", "diff"), CHANGED),
    Case("it has no header", fenced(HUNK, "diff"), CHANGED),
    Case(
        "it is called a patch",
        fenced(
            f"diff --git a/s.py b/s.py\nindex 1..2 100644\n--- a/s.py\n+++ b/s.py\n@@ -8,2 +8,2 @@\n{HUNK}", "patch"
        ),
        CHANGED,
    ),
    Case("it stands in a block of Python", fenced(f"@@ -8,2 +8,2 @@\n{HUNK}"), CHANGED),
    Case("it stands in no block", f"--- a/s.py\n+++ b/s.py\n@@ -8,2 +8,2 @@\n{HUNK}", CHANGED),
    Case(
        "two places",
        fenced(
            "@@ -1,2 +1,3 @@\n import math\n+import bisect\n \n@@ -5,5 +6,5 @@\n     return math.sqrt(x)\n \n \n"
            + HUNK,
            "diff",
        ),
        CHANGED.replace("import math\n", "import math\nimport bisect\n"),
    ),
    Case("a whole new file", fenced("--- /dev/null\n+++ b/s.py\n@@ -0,0 +1,2 @@\n" + indent(BEST, "+"), "diff"), BEST),
    Case(
        "an agent's patch",
        f"*** Begin Patch\n*** Update File: solution.py\n@@ def algorithm\n{HUNK}*** End Patch",
        CHANGED,
    ),
    Case(
        "search and replace",
        REPLACED,
        CHANGED,
    ),
    Case(
        "search and replace, fenced",
        fenced(REPLACED),
        CHANGED,
    ),
    Case(
        "two of them",
        fenced(
            "<<<<<<< SEARCH\nimport math\n=======\nimport bisect\nimport math\n>>>>>>> REPLACE\n\n" + REPLACED,
            "diff",
        ),
        "import bisect\n" + CHANGED,
    ),
    Case(
        "original and updated",
        "<<<<<<< ORIGINAL\n    return numbers\n=======\n    return sorted(numbers)\n>>>>>>> UPDATED\n",
        CHANGED,
    ),
    Case(
        "a diff that does not fit",
        fenced("@@ -1,2 +1,2 @@\n def other(x):\n-    return x\n+    return -x", "diff"),
        None,
    ),
    Case("a search that finds two places", "<<<<<<< SEARCH\n    return\n=======\n    yield\n>>>>>>> REPLACE\n", None),
    Case("changes that break it", "<<<<<<< SEARCH\n    return numbers\n=======\n    return (\n>>>>>>> REPLACE\n", None),
    Case("a diff, then the whole", fenced(HUNK, "diff") + "All of it:\n" + fenced(BEST), BEST),
    Case(
        "one function of several",
        f"Only `scale` changes:\n{fenced('def scale(x):' + chr(10) + '    return x ** 0.5')}",
        LIKE.replace("math.sqrt(x)", "x ** 0.5"),
    ),
]
NOTHING = [
    Case("nothing", "", None),
    Case("white space", " \n\t\n", None),
    Case("prose", "I cannot help with that.", None),
    Case("inline code", "Call `algorithm(x)`, or ```algorithm``` with x = 1.", None),
    Case("an empty block", "```python\n```", None),
    Case("a shell command", fenced("pip install numpy", "bash"), None),
    Case("data only", fenced("[1, 2, 3]", "json"), None),
    Case("a broken program", fenced("def algorithm(x:\n    return x"), None),
    Case("another program", fenced("def other(x):\n    return x"), None),
    Case("C", fenced("int main(void) { return 0; }", "c"), None),
    Case("an apology in Chinese", "抱歉，我无法完成这个任务。", None),
]
STRICT = PLAIN + SEVERAL + REASONING + NOISE + WRAPPED + CHANGES + NOTHING
