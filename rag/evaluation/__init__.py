"""Evaluation: sets, runs, metrics, comparison, reports.

Text flows one way here too: `items` and `sets` read a set, `stages` puts each item to the product
and makes a record, `runs` writes the records, `metrics` scores them, `bootstrap` says how sure the
figures are, `report`, `table` and `report_html` show them, `compare` and `gate` judge them.
"""

from rag.evaluation.product import Product
from rag.evaluation.report import Measure, Report
from rag.evaluation.running import rescore, run_evaluation

__all__ = ["Measure", "Product", "Report", "rescore", "run_evaluation"]
