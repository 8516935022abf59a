"""Sample → interval → percentile; everything merges, in any order, exactly.

Must not know where samples come from, what time it is, or how Tsung writes them.
"""

from pytsung.stats.histogram import Histogram
from pytsung.stats.interval import Interval
from pytsung.stats.recorder import Recorder
from pytsung.stats.summary import SampleSummary

__all__ = ["Histogram", "Interval", "Recorder", "SampleSummary"]
