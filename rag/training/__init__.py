"""Makes the reader: question sets and claim pairs in, one ONNX file out (extra ``train``).

The order of the modules is the order of the work: ``sets`` reads files, ``windows`` cuts
contexts, ``swaps`` and ``statements`` edit sentences by rule, ``claim_writer`` has a language
model write statements and checks them, ``vectors`` embeds contexts and questions, ``neighbours``
finds the best-ranked wrong passages, ``mixture`` and ``tables`` make examples, ``stream`` puts
them into one seeded order, ``features`` makes token ids, ``network`` holds the heads, ``loop``
trains and resumes, ``export`` writes the file that ships (``averaging`` from
several), ``evaluate`` and ``among`` measure it,
``ablation`` trains without one ingredient at a time.
torch and transformers are imported only inside functions.
"""
