"""The HTML report of an embedding: one page to look through, sort and compare pictures.

``report.html`` stands alone for small runs. What it shows of each picture (target and embedding at a size that a
browser can take, and the curve of its loss) lies in ``report_files/`` besides: large runs load it from there, a page of
pictures at a time, and a later report of a run whose data have moved still shows the targets.
"""

from i2s_lightning.report.pictures import Facts as Facts
from i2s_lightning.report.pictures import PictureFolder as PictureFolder
from i2s_lightning.report.prepare import prepare as prepare
from i2s_lightning.report.write import files_of as files_of
from i2s_lightning.report.write import pictures_of as pictures_of
from i2s_lightning.report.write import write_report as write_report
