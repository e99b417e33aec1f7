"""Makes the reader: question sets and claim pairs in, one ONNX file out (extra ``train``).

The order of the modules is the order of the work: ``sets`` reads files, ``windows`` cuts
contexts, ``swaps`` and ``statements`` edit sentences by rule, ``neighbours`` finds the
best-ranked wrong passages, ``mixture`` turns all of it into one seeded stream of examples,
``features`` into token ids, ``network`` holds the heads, ``loop`` trains and resumes,
``export`` writes the file that ships, ``evaluate`` measures it.
torch and transformers are imported only inside functions.
"""
