package ui

// Text is all that the page says, in English, but for the lessons (Lessons, and what their answers say), what core says of settings, families and errors,
// and what is said before the program is there (index.html, page.js, worker.js). A translation is another value of its type, with
// lessons of its own. What %s, %d and the like stand for is said where it is not plain; their order may be changed as in %[2]s.
var Text = struct {
	// The head of the page.
	Title, OwnImages, OpenRun, Places, Explore, Lessons, RunsHere, Studies string
	Present, Presents, PresentEnd                                          string
	Toy, Downloading, NotHad, Reduced, NoOwn, OwnCounts, AsRecorded        string
	NotHere, Meanwhile, InsteadOf, CannotGoOn, TooFew                      string
	OnImages, OwnRead, OwnChosen, OwnRun                                   string
	Sets                                                                   map[string]string

	// The controls.
	Settings, Runs, AddRun, RemoveRun, AddBaseline                          string
	Random, RandomNote, Plain, PlainNote                                    string
	Start, StartAgain, Pause, Continue, Step, OneEpoch, Reset, NewSeed      string
	Rewind, RewindHalve                                                     string
	Speed, SpeedFree, SpeedTen, SpeedThree, SpeedOne                        string
	Device, CPU, GPU, DeviceNote, DeviceLater, FindingGPU, NoGPU            string
	GettingGPU, TrainingOn, NoProgram, OnProcessor, AnewOnProcessor, Moving string
	SlowStart, Slower, GPUName, ComputedOn, KeptOn                          string
	Fixed, NoMixing, NoArchitecture, NoAlphas, AsTable, TableOf, More       string
	GroupArch, GroupMix, GroupStart                                         string
	Parameter, Range, Default, RangeDefault                                 string

	// The schedules' curves.
	ArchTitle, MixTitle, AsWas, ToCome, AsSet, Changed string
	EqualArea, Drag, Point, PointAt                    string

	// How a run stands.
	Stopped, Loading, OneWrong, WrongLater, ShowWrong, Moved, KeptRun, FinishedRun, Ready string
	Finished, Training, Paused, Progress, Accuracies, TimeLeft, Seconds, Minutes, Hours   string
	Ended, TooLate, NextEpoch, Announce, RecordedRun, Offer, GoOn, GoOnMore               string

	// The cards.
	Cards string
	Card  map[string]string
	Later string

	// Ways to search.
	Way, WayMixed, WayOwn, ClassRates, ClassRatesNote, RateOfClass, SupportTitle, Support, Temperature, Operation, Forbid, ForbidAll, Pin, Lift, SteerNote, Steered, Forbidden, Pinned, Everywhere, NotSteered, AskCost, CostNote, CostComing, CostIs, CostFailed, EigenTitle, Eigenvalue, Frozen, FrozenAfter, FrozenNote, Dropped, DroppedNote string

	// The first screen.
	TabData, TabBranches, TabSearch, TabResult                                                               string
	Headline, Lead, PanelData, PanelBranches, PanelSearch, PanelResult                                       string
	TestAlike, Ranks, RightNow, AtEpoch, ElseDiffers, OneBranch, BranchAsIs, BranchRare, MixOver, RateOver   string
	WhenTrained, PanelCell, Wide, WhileSearching, AccuracyOf, ByClass, Worth, FoundAlike, FoundBetter, Shown string
	RunHere, Film, FilmOn, FilmPause, FilmSpeed, PaceOne, PaceThree, PaceEight, Overview, Bar                string

	// What the recorded searches came to.
	ResultSearch, ResultTrained, ResultAxis, ResultNote, ResultSeed, ResultTable string
	ResultAlike, ResultBetter, ResultDifference                                  string
	Seed, SearchOf, TrainedOf, JourneyRecorded, JourneyMean                      string

	// Studies.
	OpenStudy, NoStudy, NoStudyFile, StudyJobs, StudySeeds, StudySample, Measure, IsBaseline, StudyDots, SampleNote, Interval, Widened, FromTo, RunsHead, ByRun string
	MeanOf, DotOf, StudyAxis, StudyNote, Variant, SeedsHead, Mean, DifferenceHead, To, BySeed, JobName, JobSearch                                               string

	// The map of recorded runs.
	AskAtlas, ShowAtlas, NoAtlas, BadAtlas, AtlasOf, AtlasSearches, OneWrongNow, Expect, ExpectShort, ExpectNothing, ExpectUnknown, OffMap, OnMap, TakeBase                           string
	KeyAll, KeyNear, KeyBand, KeyCame, ExpectOf, OffBy, TellsNothing, WhateverCurves, SoFar, CameTo, CameWithin, CameOutside, NearestRuns, RunOfMap, OpenedTitle, RunAgain, AgainName string
	AtlasTable, OutcomeHead, ExpectedHead, FromEighty, ErrorHead, SpreadHead, CameHead                                                                                                string

	// Where the search stands.
	EpochShown, Latest                                                                     string
	Balanced, CutOutOf, Gap, Skips, NoParameters, AlphaEntropy, ArchRate, Conventional, Of string
	OfNats, Points                                                                         string

	// Charts, and the tables behind them.
	EpochWord, ReadAt, FirstEpoch, FirstStep, Epoch, EpochN, StepHead string
	AccuracyTitle, Head, Medium, Tail, All, CutOut                    string
	LossTitle, Weights                                                string
	CollapseTitle, EntropyShare, SkipShare, NoParameterShare          string
	EdgeTitle, Edge, EdgeNormal, EdgeReduce                           string
	ClassN, Class, Images, Accuracy, Before, ImagesKey, RightKey      string
	NImages, ClassesDrawn, ClassesTable                               string
	HistoryDrawn, HistoryTable, ConfusionDrawn, ConfusionTable        string
	NormalDrawn, ReduceDrawn, HeatTable, ScaleRight, ScaleWeight      string
	NoBatch, BatchConventional, BatchTail, BatchSampler, BatchAlt     string
	NoCells, NormalCell, ReduceCell, NormalCellOf                     string

	// Side by side.
	CompareTitle, Verdict, OtherImages, StartAll, ContinueAll, PauseAll, Differs string
	RowAccuracy, RowHead, RowTail, RowCutOut, RowSkips, RowEntropy, NoRoom       string
	RowEnergy, EnergyTitle, EnergyPoint                                          string
	Predict, RunTrials, PredictFirst, PredictedRight, PredictedWrong, MadeRoom   string

	// From images to a result, and cells to train.
	CellOf, CellNote, RandomCell, RandomCellNote, DARTSCell, DARTSCellNote, SkipCell, SkipCellNote                           string
	Train, TrainThis, NoCellsIn, NotYet, EpochsSmall, NoSearch, NoTraining, Journey                                          string
	JourneyData, JourneyCounts, JourneySearch, JourneyCellName, JourneyCell, JourneyTraining, JourneyResult, JourneyAccuracy string
	FoundCell, TestLoss, Calibration, TauNormalised, Params, WeightRate                                                      string

	// Exports, and the runs on this machine.
	ExportRun, ExportGenotype, ExportNormal, ExportReduce, ExportCSV, ExportSVG, ExportPNG, ExportLink, ExportResult, ExportCommand, LinkCopied, ResultCopied, CommandCopied, ExportNote string
	NothingYet, Copied                                                                                                                                                                   string
	Filter, GroupSeeds, NoSeeds, CompareTicked, NoneTicked, Tick, NameOf, Seeds, SeedsSay, RunName                                                                                       string
	NoKept, KeptTable, When, Run, AccuracyHead, TailHead, SkipsHead, EntropyHead, Epochs                                                                                                 string
	SettingsHead, Do, Open, Export, Delete, OpenNamed, ExportNamed, DeleteNamed, TimeLayout, SmallOnly                                                                                   string

	// Notices.
	BadRecord, Linked, NoRun, BadAddress, NoCharacter, NoSetting, PassedOver string
	OtherTab, OpenElsewhere, WasDeleted, WasRemoved, WasReset                string
	Undo, Close                                                              string
	NoStore, NotKept, NoLonger, NoClipboard, NotDropped, NotRead             string
	DropHere                                                                 string
	ReadingImages, NoImages, DrawingFigure, NoFigure                         string
}{
	// The head of the page.
	Title: "HLRS Lab", OwnImages: "Your own images…", OpenRun: "Open a run…", Places: "Places", Explore: "Explore", Lessons: "Lessons", RunsHere: "Runs", Studies: "Studies",
	Present: "Present", Presents: "Choose what is shown", PresentEnd: "End the presentation",
	Toy:         "Toy images, generated here: not CIFAR-10.",
	Downloading: "CIFAR-10 is downloading: %.0f of %.0f MB.",                                                       // follows Toy
	NotHad:      "CIFAR-10 could not be downloaded yet. If you have cifar-10-binary.tar.gz, drop it on this page.", // follows Toy
	Reduced:     "CIFAR-10, reduced to 16×16 pixels.",
	NoOwn:       "Your own images: choose them again.",
	OwnCounts:   "Your own images: %d for training and %d for testing, in %d classes.",
	AsRecorded:  "Recorded on CIFAR-10, whose images are not here: until they are, runs here train on the toy set.",
	NotHere:     "CIFAR-10, whose images are not here: until they are, runs here train on the toy set.",
	Meanwhile:   "CIFAR-10 is not here, so %s trains on the toy images.",            // a run
	InsteadOf:   "CIFAR-10 could not be loaded, so %s trains on the toy images. %s", // a run, and why
	CannotGoOn:  "%s cannot go on: its images are not here. %s",                     // a run, and why
	OwnRead:     "%d images in %d classes were read.", OwnChosen: "Start trains on them.", OwnRun: "Add a run on them",
	OnImages: "%s, %s", // a run, and its images
	Sets:     map[string]string{"cifar10": "CIFAR-10", "toy": "toy images", "own": "own images"},
	TooFew:   "%d is more than the images on this page have: choose at most %d",

	// The controls.
	Settings: "Settings", Runs: "Runs side by side", AddRun: "Add a run", RemoveRun: "Remove this run",
	AddBaseline: "Add: %s", // Random or Plain, which are names of runs, too
	Random:      "Random search", RandomNote: "The alphas stay at their random start: a random architecture, trained in the same way.",
	Plain: "Plain DARTS", PlainNote: "One branch, images as they come, and a constant architecture rate.",
	Start: "Start", StartAgain: "Start again", Pause: "Pause", Continue: "Continue", Step: "Step", OneEpoch: "One epoch",
	Reset: "Reset to the same start", NewSeed: "New seed", Rewind: "Rewind to the last epoch", RewindHalve: "Rewind and halve the rate",
	Speed: "Speed", SpeedFree: "as fast as possible", SpeedTen: "10 steps a second", SpeedThree: "3 steps a second", SpeedOne: "1 step a second",
	Device: "Device", CPU: "CPU", GPU: "GPU", OnProcessor: "Go on with the CPU", AnewOnProcessor: "Start again on the CPU", ComputedOn: "Computed on", KeptOn: "computed on %s",
	GPUName:     "This is %s.",
	DeviceNote:  "A GPU can be faster for larger networks. Its results differ slightly from the CPU’s, which are the same, to the last digit, on every machine.",
	DeviceLater: "A run under way stays where it is until you pause it and press Continue.", FindingGPU: "Looking for a GPU…",
	NoGPU:      "There is no GPU to use, so runs stay on the CPU: %s.", // why
	GettingGPU: "Preparing the GPU.", TrainingOn: "Training on %s.",    // the GPU's name
	Slower: " and slower than it", SlowStart: "The first step takes longest.", Moving: "Moving to the other device at the end of this step.",
	NoProgram:      "the program for the GPU could not be loaded: %s", // why
	Fixed:          "Fixed while this run goes on. Add a run to try other settings beside it, or reset this one.",
	NoAlphas:       "Random cells have no alphas, and so no learning rate of the architecture.",
	NoArchitecture: "A network is trained here: its cells are given, and nothing is searched for.",
	NoMixing:       "There is only one branch, so nothing is mixed. Choose below where the branches part to have two.",
	AsTable:        "As a table", TableOf: "%s as a table", // the title of a card or group
	More:      "More settings",
	GroupArch: "Architecture rate (HLRS)", GroupMix: "Branch mixing", GroupStart: "The run",
	Parameter: "Parameter %s", // its symbol
	Range:     "%s to %s.", Default: "Default %s.", RangeDefault: "%v to %v, default %v.",

	Journey:     "From images to a result",
	JourneyData: "Images", JourneyCounts: "%d to %d a class", JourneySearch: "Search", JourneyCellName: "Cell", JourneyCell: "%s, %s, %s",
	JourneyTraining: "Training", JourneyResult: "Result", JourneyAccuracy: "%.1f %% accuracy",
	NotYet: "to come", EpochsSmall: "epochs", NoSearch: "none on this page", NoTraining: "to come: train the cell",
	CellOf: "Cell of %s, epoch %d", CellNote: "A new network of this cell, trained from scratch on the same images.", // a run
	RandomCell: "Random cell", RandomCellNote: "Operations and inputs drawn at random: what a search has to beat.",
	DARTSCell: "DARTS_V2", DARTSCellNote: "The cell that DARTS published, found on all of CIFAR-10.",
	SkipCell: "Only skips", SkipCellNote: "A cell of skip connections alone: where a collapsed search ends.",
	Train: "Train: %s", TrainThis: "Train this cell", // one of the cells above
	NoCellsIn: "This network has no cells.",
	FoundCell: "a found cell", TestLoss: "Test loss", Calibration: "Calibration error", TauNormalised: "With τ-normalised classifier", Params: "Weights of the network", WeightRate: "Learning rate of the weights",

	// Ways to search.
	Way: "Way to search", WayMixed: "your own", WayOwn: "Fields of several ways, set one by one below.",
	ClassRates: "Learning rate of each class’s own weights, relative to the others’", ClassRatesNote: "The classifier’s weights of a class go at this multiple of the weights’ rate, in the epoch shown.", RateOfClass: "Rate",
	SupportTitle: "Operations of an edge that have a weight, and the temperature", Support: "operations with a weight", Temperature: "temperature",
	Operation: "Operation", Forbid: "Forbid here", ForbidAll: "Forbid everywhere", Pin: "Pin here", Lift: "Lift all rules",
	SteerNote: "Forbid or pin an operation by hand: on this edge, or everywhere. A run under way takes it from its next epoch on.", Steered: "By hand: %s.", // rules
	Forbidden: "%s is forbidden (%s)", Pinned: "%s is pinned (%s)", Everywhere: "everywhere", // an operation, and where
	NotSteered: "That cannot be: %s.", // why
	AskCost:    "What does this edge cost?", CostNote: "Tests the network of the last whole epoch without this edge, in all cells of its kind.", CostComing: "Testing without this edge …",
	CostIs:     "After epoch %d the network is right on %s %% of the test images; without the edge %s, on %s %%.", // epoch, percentage, edge, percentage
	CostFailed: "The edge could not be tested: %s.",                                                               // why
	EigenTitle: "Largest eigenvalue of the architecture loss’s second derivatives", Eigenvalue: "eigenvalue",
	Frozen: "frozen", FrozenAfter: "Architecture frozen", FrozenNote: "after epoch %d: the mixed network is the result",
	Dropped: "Operations dropped", DroppedNote: "%d of %d, which left %.1f %%",

	// The schedules' curves.
	ArchTitle: "Architecture rate over the epochs", MixTitle: "Share of the conventional branch over the epochs",
	AsWas: "as it was", ToCome: "to come", AsSet: "as set", Changed: "changed",
	EqualArea: "At equal area: the peak is %.2f times what it says, so that the rates sum up as a constant one's would.",
	Drag:      "Drag the points or use the arrow keys. Click the chart or press Insert to add one; double-click it or press Delete to remove it.",
	Point:     "Control point %d", PointAt: "%.2f at epoch %.1f",

	// How a run stands.
	Stopped: "The run has stopped: %s", Loading: "Loading this run…", OneWrong: "Fix this setting before starting: %s.", // what is wrong
	WrongLater: "This setting was not taken: %s.", ShowWrong: "Show the setting", // likewise
	Moved:   "Settings changed: the charts still show %s. “%s” runs with the settings as they are now.", // a run, and the button
	KeptRun: "A saved run, not finished yet.", FinishedRun: "A finished run.", Ready: "Ready. Start trains a network in this tab.",
	Finished: "Finished.", Training: "Training.", Paused: "Paused.",
	TimeLeft: "About %s left.", Seconds: "%d s", Minutes: "%d min", Hours: "%d h", // one of these
	Progress:   "%s, %d of %d epochs.",
	Accuracies: "Balanced accuracy %.1f %% (head %.1f, medium %.1f, tail %.1f).",
	Ended:      "It ended here: %s.", // why
	TooLate:    "This is the last epoch: the change comes too late for this run.", NextEpoch: "The change takes effect from the next epoch.",
	Announce:    "Epoch %d of %d: balanced accuracy %.1f %%.",
	RecordedRun: "Recorded run",                                                                                  // the name of the run that comes with the page
	Offer:       "Not finished when you left the page:", GoOn: "Open “%s” (epoch %d of %d)", GoOnMore: "%d more", // a run

	// The cards.
	Cards: "What the run does",
	Card: map[string]string{ // titles; a lesson has its own
		"chapter-data": "The data", "chapter-run": "How it learns", "chapter-architecture": "The architecture, as it forms", "chapter-cell": "The cell, and what it is worth",
		"chapter-compare": "Comparison", "chapter-keep": "Files",
		"results":   "What the recorded searches came to",
		"compare":   "Runs compared",
		"time":      "Where the run stands",
		"accuracy":  "Balanced test accuracy, in per cent",
		"classes":   "Classes, from head to tail",
		"loss":      "Loss of each step",
		"history":   "Accuracy of each class over the epochs",
		"confusion": "Confusion matrix",
		"batches":   "What the network is shown",
		"normal":    "Normal cell: weight of each operation",
		"reduce":    "Reduction cell: weight of each operation",
		"edge":      "One edge over the epochs",
		"support":   "Operations that are still run",
		"rates":     "Rates by class",
		"eigen":     "How sharp the choice is",
		"collapse":  "How decided the architecture is",
		"cells":     "The cells",
		"export":    "Export",
		"kept":      "Runs on this machine",
		"atlas":     "What runs like this come to",
		"studies":   "Studies",
		"measured":  "What the runs came to",
	},
	Later: "Shown after the first epoch.",

	// The first screen.
	Headline: "Search a network’s architecture on data with a long tail",
	Lead:     "%d images of %s, only %d of %s. Drag a curve, then run the search in your browser.", // counts and classes
	TabData:  "Data", TabBranches: "Branches", TabSearch: "Search", TabResult: "Result",
	PanelData: "The data", PanelBranches: "Two branches", PanelSearch: "The search", PanelResult: "What came out",
	TestAlike: "To scale. The test set is balanced.", Ranks: "Each square is an image of a batch, with the rank of its class: 1 has the most images.", OneBranch: "One branch: images as they come", BranchAsIs: "First: images as they come", BranchRare: "Second: rare classes more often",
	RightNow: "%s %% of images right", AtEpoch: "%s, epoch %d", ElseDiffers: "They also differ in: %s.", // percentage; a run; settings
	MixOver: "How much the first branch counts", RateOver: "Learning rate: how fast the architecture may change",
	Wide:           "%s: lines are operations; wide wins, pale loses.", // a run
	WhileSearching: "While searching", WhenTrained: "As far as it is trained", PanelCell: "The cell",
	AccuracyOf: "of test images right; guessing gives %.0f %%. By class:",
	ByClass:    "Accuracy of each class, from head to tail",
	Worth:      "Their cells, trained anew", FoundAlike: "In %d repeats: no better than random cells.", // which points show
	FoundBetter: "In %d repeats: cells of “%s” are better than those of “%s”.", // two variants; likewise
	RunHere:     "Run it here", Film: "Play the recording", FilmOn: "Play the epochs", FilmPause: "Pause playback", FilmSpeed: "Speed of the film", PaceOne: "1 epoch a second", PaceThree: "3 epochs a second", PaceEight: "8 epochs a second",
	Overview: "Overview", Bar: "Run controls", Shown: "Shown:",

	// What the recorded searches came to. A variant is a kind of search, as "Constant rate".
	ResultSearch: "The search network", ResultTrained: "The cell it found, trained from scratch",
	ResultAxis: "balanced test accuracy, %", ResultNote: "Each point is one seed, each bar their mean. A search is worth what its cell is worth when trained: look at the right.", ResultSeed: "%s, seed %d: %.1f %%", // a variant
	ResultTable:      "Balanced test accuracy in per cent, by seed",
	ResultAlike:      "After training, cells of “%s” and “%s” cannot be told apart.",                                              // two variants
	ResultBetter:     "After training, cells of “%s” are better than those of “%s”.",                                              // likewise
	ResultDifference: "%s minus %s: %+.1f points on average, 95 %% confidence interval %+.1f to %+.1f; better on %d of %d seeds.", // likewise
	Seed:             "Seed", SearchOf: "%s, search network", TrainedOf: "%s, trained cell",
	JourneyRecorded: "recorded, %d seeds", JourneyMean: "%.1f %% on average",

	// Studies. A variant is a choice of settings that a study compares, by its name.
	OpenStudy: "Open a study…",
	NoStudy: `A study runs every variant of a question with several seeds, so that its answer can be told from chance. It is run from a terminal, in the folder of the laboratory, as with this example:</p><pre>build/hlrs study run tools/studies/abstract-small.json --out runs/s
build/hlrs study report runs/s</pre><p>The first command says how long it takes; Ctrl-C saves, and the same command goes on. Then open <code>runs/s/report/study.json.gz</code> here, or drop it on this page.`, // HTML
	NoStudyFile: "%s is not a study of this laboratory; nothing has changed: %v", // a file, and why
	StudyJobs:   "%d of %d runs done.",
	StudySeeds:  "%d variants, %d seeds.",
	StudySample: "A sample of %d variants: each run has settings and a seed of its own.",
	StudyDots:   "Each dot is a run: press it to open it. Each bar is the mean of its row.",
	SampleNote:  "Runs of a sample share no seeds, so its variants cannot be paired; a map of it, by hlrs study atlas, says what other settings come to.",
	Interval:    "95 % interval", Widened: "Widened", FromTo: "%s to %s", RunsHead: "Runs done", ByRun: "By run",
	Measure: "Measured by", IsBaseline: "The baseline: the other variants are compared with it, seed by seed.",
	MeanOf:    "mean %s %s of %d", // of runs
	DotOf:     "%s, seed %d: %s %s. Open this run.",
	StudyAxis: "%s, %s", // a measure and its unit
	StudyNote: "Intervals are Student’s, of the differences on the same seeds.",
	Variant:   "Variant", SeedsHead: "Seeds done", Mean: "Mean", DifferenceHead: "Difference from the baseline", To: "to", BySeed: "By seed",
	JobName: "%s, seed %d", JobSearch: "%s, search", // a variant

	// The map of recorded runs.
	AskAtlas: "What do runs like this come to?", ShowAtlas: "Show the map", NoAtlas: "The map of recorded runs could not be loaded (%s).",
	BadAtlas:      "its file is damaged: %w",
	AtlasOf:       "%d searches were run beforehand, each with a seed and with curves of its own (%s). From them a Gaussian process estimates what a run with the two curves above comes to. Start it, and the page holds the estimate against what happens.", // how many, and the study’s name
	AtlasSearches: "The map is of searches, and this run trains a cell.",
	OneWrongNow:   "There is no such run: one setting cannot stand as it is.",
	Expect:        "Of five runs with these curves, about four come to: %s.",
	ExpectShort:   "%s %s to %s", // an outcome, and from where to where
	ExpectNothing: "The map’s runs do not tell what these curves change.",
	ExpectUnknown: "The map knows too little here: too few of its runs have curves like these, or none has.",
	OffMap:        "The map knows nothing of this run, whose settings are others than its runs’: %s.", OnMap: "on the map",
	TakeBase: "Use the map’s settings, and keep the curves",
	KeyAll:   "a run of the map", KeyNear: "one of the nearest", KeyBand: "where four of five runs like this are expected", KeyCame: "this run",
	ExpectOf:       "expected %s, and %s to %s for four runs of five",
	WhateverCurves: "%s on average, and %s to %s for four runs of five",
	OffBy:          "Typical error on runs that the estimate had not seen: %s; by guessing the mean of all runs: %s.",
	TellsNothing:   "For what follows, the estimate is no better than the mean of all runs where it had not seen a run. These %d runs show no effect of the curves on it; more might.",
	SoFar:          "· so far %s", CameTo: "· came to %s", CameWithin: "· came to %s, as expected", CameOutside: "· came to %s, outside what was expected",
	NearestRuns: "The nearest runs (rate as a line, mixing dashed)", RunOfMap: "%s, rate %.2g, mixing %s: %s %s",
	OpenedTitle: "Balanced accuracy of the search network over the epochs, per cent", RunAgain: "Run it again here, to the same numbers", AgainName: "%s, seed %d",
	AtlasTable: "What runs with these curves come to", OutcomeHead: "Outcome", ExpectedHead: "Expected", FromEighty: "Four of five from",
	ErrorHead: "Typical error (root mean square, cross-validated)", SpreadHead: "The same of guessing the mean", CameHead: "This run",

	// Where the search stands.
	EpochShown: "Epoch shown: <b>%d</b> of %d", // HTML
	Latest:     "Latest",
	Balanced:   "Balanced accuracy", CutOutOf: "Accuracy of the chosen cells alone", Gap: "Discretisation gap", Skips: "Skip connections",
	NoParameters: "Parameter-free operations", AlphaEntropy: "Entropy of the alphas", ArchRate: "Architecture rate", Conventional: "Conventional branch",
	Of: "%d of %d", OfNats: "%.3f of %.3f nats", Points: "%.1f points", // of per cent

	// Charts, and the tables behind them.
	EpochWord: "epoch", ReadAt: "at %d:", FirstEpoch: "epoch 1", FirstStep: "step 1", Epoch: "Epoch", EpochN: "Epoch %d", StepHead: "Step",
	AccuracyTitle: "Balanced test accuracy in per cent", Head: "head", Medium: "medium", Tail: "tail", All: "all", CutOut: "chosen cells alone",
	LossTitle: "Loss of each step", Weights: "weights",
	CollapseTitle: "Entropy of the alphas and parameter-free share", EntropyShare: "entropy, % of its maximum",
	SkipShare: "skip connections, %", NoParameterShare: "without parameters, %",
	EdgeTitle: "Weight of each operation on %s", // EdgeNormal or EdgeReduce, of which %s is the edge, as 0→2
	Edge:      "Edge", EdgeNormal: "normal cell, %s", EdgeReduce: "reduction cell, %s",
	ClassN: "class %d", // one that has no name
	Class:  "Class", Images: "Images", Accuracy: "Accuracy %",
	Before: "before", ImagesKey: "images", RightKey: "accuracy", // the legend of the classes: images before the long tail, in it, and accuracy
	NImages:      "%d images",
	ClassesDrawn: "Images and accuracy of each class, from head to tail", ClassesTable: "Classes, from head to tail",
	HistoryDrawn: "Accuracy of each class over the epochs, from head to tail", HistoryTable: "Accuracy of each class in per cent",
	ConfusionDrawn: "Confusion matrix: rows are the classes, columns what their images were taken for, both from head to tail",
	ConfusionTable: "Test images by what they were taken for",
	NormalDrawn:    "Normal cell: weight of each operation on each edge", ReduceDrawn: "Reduction cell: weight of each operation on each edge",
	HeatTable: "Weight of each operation on each edge", ScaleRight: "% recognised", ScaleWeight: "weight",
	NoBatch:           "While a run trains, this shows the first batch of every epoch, and every batch when you go step by step.",
	BatchConventional: "Conventional branch, images as they come", BatchTail: "Re-balancing branch",
	BatchSampler: "%s (%s sampler)", // a branch, and its sampler's name
	BatchAlt:     "The images of the batch",
	NoCells:      "The cell that the search would choose is shown after the first epoch.",
	NormalCell:   "Normal cell", ReduceCell: "Reduction cell", NormalCellOf: "Normal cell of %s",

	// Side by side.
	CompareTitle: "Balanced test accuracy of each run in per cent", StartAll: "Start all", ContinueAll: "Continue all", PauseAll: "Pause all",
	OtherImages: "These runs are on different images: their accuracies are not to be compared with each other.",
	Differs:     "What differs, and what came out",
	RowAccuracy: "Balanced accuracy, %", RowHead: "Head, %", RowTail: "Tail, %", RowCutOut: "Chosen cells alone, %", RowSkips: "Skip connections", RowEntropy: "Entropy, nats",
	RowEnergy: "Energy of products, %", EnergyTitle: "Accuracy of head and tail in per cent against the energy of the cell’s products in per cent of the exact 8-bit multiplier’s",
	EnergyPoint: "%s, %s: energy %.0f %%, %s %.1f %%",                                                                                                                                                                                                    // run, multiplier, group of classes
	Verdict:     "Trained on the same images, “%s” ends at %.1f %%, “%s” at %.1f %%: %.1f points apart. One training each and %d test images can tell apart differences of more than about %.0f points; for smaller ones, repeat both with other seeds.", // two runs
	NoRoom:      "There is room for %d runs side by side, recordings among them: remove one first.",
	Predict:     "What do you expect? Highest in balanced accuracy will be:", RunTrials: "Run all of them",
	PredictFirst:   "All runs have finished. Make your prediction to see the answer.",
	PredictedRight: "You expected %s, and you were right: %s is highest.", PredictedWrong: "You expected %s; %s is highest.", // trials
	MadeRoom: "Removed to make room: %s. Saved results stay on this machine.", // runs

	// Exports, and the runs on this machine.
	ExportRun: "Download the run (resumable)", ExportGenotype: "Copy the genotype", ExportNormal: "Normal cell (SVG)", ExportReduce: "Reduction cell (SVG)",
	ExportCSV: "Numbers (CSV)", ExportSVG: "Figure (SVG)", ExportPNG: "Figure (PNG)",
	ExportLink: "Copy link to the settings", ExportResult: "Copy link with the results", ExportCommand: "Copy as a command", LinkCopied: "A link to these settings is on the clipboard.", ResultCopied: "A link that opens on this run’s results is on the clipboard (%d KB).", CommandCopied: "The command is on the clipboard: it runs this experiment natively.",
	ExportNote: `The run is one file: <code>hlrs %s --resume FILE --out DIR</code> goes on with it natively, to the same numbers; a run folder’s last.safetensors opens here.`, // HTML; search or train
	NothingYet: "there is nothing to export yet: an epoch has to end first",
	Copied:     "The genotype is on the clipboard.",
	NoKept:     "Nothing yet: every run is saved here, on this machine, at the end of each epoch.", KeptTable: "%d of %d runs on this machine", Filter: "Filter", GroupSeeds: "Group seeds", NoSeeds: "Nothing to group: no two of these runs differ by their seed alone.", CompareTicked: "Compare selected", NoneTicked: "Select two runs or more to compare.",
	Tick: "Compare %s", NameOf: "Name of %s", Seeds: "%d seeds, mean ± sd", SeedsSay: "Accuracies:%s", RunName: "Name of this run",
	When: "When", Run: "Run", AccuracyHead: "Accuracy %", TailHead: "Tail %", SkipsHead: "Skips", EntropyHead: "Entropy", Epochs: "Epochs",
	SettingsHead: "Settings", Do: "Actions", Open: "Open", Export: "Export", Delete: "Delete",
	OpenNamed: "Open %s", ExportNamed: "Export %s", DeleteNamed: "Delete %s", // a run
	TimeLayout: "2 Jan 15:04", // as time.Format has it
	SmallOnly:  "preset small",

	// Notices.
	NoRun:     "%s is not a run of this laboratory; nothing has changed: %v", // a file, and why
	BadRecord: "The link’s results cannot be read: %v", Linked: "Linked run", // why; the name of a run that came by a link
	BadAddress:    "The link cannot be read and was ignored: %s",
	NoCharacter:   "%q stands for no character",
	NoSetting:     "%s: there is no such setting",
	PassedOver:    "Ignored in the link: %s.",
	OtherTab:      "%s is open in another tab. Here is a copy; if you continue it, it is saved as a separate run.", // a run
	OpenElsewhere: "%s is open in another tab: close it there before you delete it.",
	WasDeleted:    "%s was deleted.", WasRemoved: "%s was removed from the page.", WasReset: "%s was reset.", Undo: "Undo", Close: "Close",
	NoStore:       "Runs cannot be saved on this machine: %s",
	NotKept:       "This epoch could not be saved on this machine; the run goes on and can be exported. %s",
	NoLonger:      "This run is no longer saved on this machine.",
	NoClipboard:   "The page may not use the clipboard; here is the text: %s",
	DropHere:      "Drop images by class, CIFAR-10’s archive, a run, or a study’s study.json.gz.", // while files hover over the page
	NotDropped:    "What was dropped cannot be read: %s",
	NotRead:       "%s: %s", // a file, and why
	ReadingImages: "Reading your images…",
	NoImages:      "Nothing has changed: %s",
	DrawingFigure: "Drawing the figure…",
	NoFigure:      "The figure could not be drawn: %s",
}
