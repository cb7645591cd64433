"use strict";

startList();
startCompare();
startCurves();
startViewer();
