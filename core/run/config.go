// Package run owns the loop of all that is trained: a Config describes an experiment completely, a Run takes its Task one step at
// a time and reports Events. The browser, the command line and the tests all drive the same Run.
//
// Build what imports it with GOEXPERIMENT=simd, or a run takes some ten times as long (see tensor.Plain).
package run

import "hlrslab/core/bbn"

// TaskName is what a run does.
type TaskName string

// The tasks.
const (
	Search TaskName = "search"
	Train  TaskName = "train"
)

// Network is what a training trains.
type Network string

// A network of a genotype's cells, or ResNet-32.
const (
	CellNetwork Network = "cells"
	ResNet32    Network = "resnet-32"
)

// Retraining is what the classifier does alone in the last epochs of a training (Kang et al., 2020).
type Retraining string

// Nothing, learning anew, or learning a scale of each class.
const (
	NoRetraining  Retraining = "none"
	CRT           Retraining = "crt"
	WeightScaling Retraining = "lws"
)

// Config is one experiment. Its JSON form is the command line's flags, the page's address, a
// preset and a run folder's config.json: one name for one thing everywhere. The struct tags are
// the single table of limits that help texts, sliders and Validate are made from.
type Config struct {
	Task TaskName `json:"task" enum:"search,train" default:"search" group:"task" label:"Task" help:"What the run does: search for cells, or train a network from scratch."`

	// Data.
	Dataset     string  `json:"dataset" enum:"cifar10,toy,own" default:"cifar10" group:"data" label:"Images" help:"Images: cifar10, the built-in generated toy set, or your own by class."`
	Size        int     `json:"size" default:"32" min:"8" max:"32" unit:"px" group:"data" label:"Image side" help:"Image side: 8, 16 or 32; the smaller ones are area averages."`
	Profile     string  `json:"profile" enum:"exp,step" default:"exp" group:"data" label:"Shape of the long tail" help:"How class counts fall from head to tail: exponentially, or in one step."`
	Imbalance   float64 `json:"imbalance" default:"100" min:"1" max:"1000" group:"data" label:"Imbalance factor" help:"Images of the largest class divided by those of the smallest."`
	NMax        int     `json:"n-max" default:"5000" min:"2" max:"5000" unit:"images" group:"data" label:"Size of the largest class" help:"How many images the largest class keeps."`
	Pool        int     `json:"pool" default:"5000" min:"2" max:"5000" unit:"images" group:"data" label:"Pool of each class" help:"Images are chosen among the first ones of each class, this many; the page has 500."`
	Halves      string  `json:"halves" enum:"stratified,positional" default:"stratified" group:"data" needs:"task=search" label:"Split between weights and architecture" help:"How training images are split between weights and architecture: stratified gives both the same classes; positional cuts the list, sorted by class, in two, so that each half lacks classes."`
	WeightShare float64 `json:"weight-share" default:"0.5" min:"0.05" max:"0.95" group:"data" needs:"task=search" label:"Share of the weights" help:"Share of the training images that the weights get, rounded down; the architecture has the rest. Split by classes, each part gets at least one image of every class."`
	Resplit     bool    `json:"resplit" default:"false" negatable:"" group:"data" needs:"halves=stratified" label:"New split in every epoch" help:"Split the training images between weights and architecture anew in every epoch, at random."`
	TestImages  int     `json:"test-images" default:"10000" min:"10" max:"10000" unit:"images" group:"data" label:"Size of the test set" help:"Test images, as many of each class, that are evaluated after each epoch."`
	Sampler     string  `json:"sampler" default:"instance" group:"data" label:"Sampler of the weights" help:"How batches for the weights are drawn; with two branches, those of the conventional one."`
	Rebalance   string  `json:"rebalance" default:"reversed" group:"data" needs:"branches!=none" label:"Sampler of the re-balancing branch" help:"How batches of the re-balancing branch are drawn."`
	Crop        bool    `json:"crop" default:"true" negatable:"" group:"data" label:"Random crop" help:"Crop at random after padding with zeros by an eighth of the side."`
	Flip        bool    `json:"flip" default:"true" negatable:"" group:"data" label:"Random flip" help:"Flip half of the images, left to right, at random."`
	Cutout      int     `json:"cutout" default:"0" min:"0" max:"32" unit:"px" group:"data" label:"Side of the cutout" help:"Side of the square cut out after normalisation; 0 is off."`

	// Training a network.
	Network       Network    `json:"network" enum:"cells,resnet-32" default:"cells" group:"network" needs:"task=train" label:"Network" help:"Network to train: one of a genotype's cells, or ResNet-32."`
	Genotype      string     `json:"genotype" default:"DARTS_V2" group:"network" needs:"network=cells" label:"Genotype" help:"Cells of the network: a published name, random:SEED, all:OPERATION, or a genotype as quark0/darts writes it."`
	Auxiliary     bool       `json:"auxiliary" default:"false" negatable:"" group:"network" needs:"network=cells" label:"Auxiliary classifier" help:"A second classifier at two thirds of the depth, whose loss counts 0.4; it needs images of 32 px."`
	DropPath      float64    `json:"drop-path" default:"0" min:"0" max:"0.9" group:"network" needs:"network=cells" label:"Drop path" help:"Probability at the end that an operation is dropped for an image; it rises from 0 over the epochs."`
	Mixup         float64    `json:"mixup" default:"0" min:"0" max:"1" group:"data" needs:"task=train" label:"Mixup" help:"Mix each image with another, in shares drawn from Beta(a, a) with this a; 0 is off."`
	Late          string     `json:"late-sampler" name:"late-sampler" default:"none" group:"data" needs:"task=train" label:"Sampler of the last epochs" help:"Sampler from four fifths of the epochs on: deferred re-sampling."`
	Retrain       Retraining `json:"retrain" enum:"none,crt,lws" default:"none" group:"weights" needs:"task=train" label:"Classifier re-training" help:"Train the classifier alone in the last epochs, on class-balanced batches: none, crt (from scratch) or lws (a scale of each class)."`
	RetrainEpochs int        `json:"retrain-epochs" default:"10" min:"1" max:"1000" unit:"epochs" group:"weights" needs:"retrain!=none" label:"Length of the re-training" help:"How many of the last epochs train the classifier alone. The rate, drop path and what is deferred follow the epochs before them."`
	Tau           float64    `json:"tau" default:"0" min:"0" max:"3" group:"weights" needs:"task=train" label:"τ-normalisation" help:"Power of the norm by which each class's weights are divided for a second test; 0 is none."`

	// Network.
	Channels   int         `json:"channels" default:"16" min:"2" max:"64" group:"network" needs:"task=search|network=cells" label:"Channels of the first cell" help:"Channels of the first cell; every reduction doubles them."`
	Layers     int         `json:"layers" default:"8" min:"3" max:"20" group:"network" needs:"task=search|network=cells" label:"Number of cells" help:"How many cells the network stacks; those at one third and two thirds of the depth halve the side."`
	Multiplier string      `json:"multiplier" default:"none" group:"network" needs:"task=search|network=cells" label:"Multiplier of the cells" help:"Multiplies 8-bit codes in the convolutions of cells, as ApproxDARTS does, by an approximate circuit: truncK clears the lowest K bits, bam_vV_hH leaves cells of the array out, mitchell adds logarithms, drumK keeps K leading bits, exact does not err; none computes in single precision."`
	Nodes      int         `json:"nodes" default:"4" min:"1" max:"4" group:"network" needs:"task=search" label:"Nodes of a cell" help:"Intermediate nodes of a cell."`
	Branches   bbn.Parting `json:"branches" enum:"none,cell,head,concat" default:"cell" group:"network" label:"Branches part at" help:"Where BBN's two branches part: cell (last cell and head), head, concat, or none for a single branch."`

	// Training of the weights.
	Epochs         int       `json:"epochs" default:"50" min:"1" max:"1000" group:"weights" label:"Epochs" help:"How many epochs the run takes."`
	Batch          int       `json:"batch" default:"64" min:"2" max:"512" unit:"images" group:"weights" label:"Batch size" help:"Images of a batch (of each branch, with BBN)."`
	Rate           float64   `json:"rate" default:"0.025" min:"0" max:"1" group:"weights" live:"true" label:"Learning rate of the weights" help:"Peak learning rate of the weights."`
	RateMin        float64   `json:"rate-min" default:"0.001" min:"0" max:"1" group:"weights" live:"true" label:"Final learning rate of the weights" help:"Learning rate that the weights' schedule falls to."`
	RateSchedule   string    `json:"rate-schedule" default:"cosine" group:"weights" live:"true" label:"Schedule of the weights' rate" help:"Family of the weights' learning rate over the epochs."`
	RateParam      float64   `json:"rate-param" default:"0" min:"0" max:"1000" group:"weights" live:"true" label:"Parameter of the weights' rate" help:"The family's parameter; 0 takes its default."`
	RateMilestones []float64 `json:"rate-milestones,omitempty" group:"weights" live:"true" needs:"rate-schedule=step" label:"Milestones of the weights' rate" help:"Epochs at which the step family falls."`
	RateWarmup     int       `json:"rate-warmup" default:"0" min:"0" max:"1000" unit:"epochs" group:"weights" live:"true" label:"Warm-up of the weights' rate" help:"Epochs in which the weights' rate rises to its peak; 0 is off."`
	Adjustment     float64   `json:"adjustment" default:"1" min:"0" max:"3" group:"weights" needs:"loss=balanced-softmax" label:"Strength of the adjustment" help:"Power τ of the classes' shares in balanced softmax; other than 1, it is known as logit adjustment."`
	Nesterov       bool      `json:"nesterov" default:"false" negatable:"" group:"weights" label:"Nesterov momentum" help:"Nesterov's momentum instead of the plain one."`
	Momentum       float64   `json:"momentum" default:"0.9" min:"0" max:"0.999" group:"weights" label:"Momentum of the weights" help:"Momentum of SGD."`
	Decay          float64   `json:"decay" default:"0.0003" min:"0" max:"0.1" group:"weights" label:"Weight decay" help:"Weight decay of SGD."`
	Clip           float64   `json:"clip" default:"5" min:"0" max:"1000" group:"weights" label:"Gradient clipping" help:"Gradient norm above which the weights' gradient is scaled down; 0 is off."`
	Loss           string    `json:"loss" enum:"ce,inverse,cb,focal,cb-focal,ldam,balanced-softmax,drw,ldam-drw" default:"ce" group:"weights" label:"Loss of the weights" help:"Loss of the weights: cross-entropy; weighted by inverse frequency or class-balanced; focal, also class-balanced; LDAM; balanced softmax; the same with re-weighting from four fifths of the epochs on (drw)."`

	ClassGamma  float64 `json:"class-gamma" default:"0" min:"0" max:"3" group:"weights" needs:"task=search" label:"Rates by class" help:"Power γ of class-specific rates: the classifier's weights of a class go at (largest class ÷ class)^γ, divided by the mean over the classes, and the architecture's step leaves them out; 0 has all weights go at one rate."`
	ClassLimit  float64 `json:"class-limit" default:"100" min:"1" max:"1000" group:"weights" needs:"class-gamma!=0" label:"Limit of the rates by class" help:"How many times the largest class's rate another class's may be."`
	ClassCourse string  `json:"class-course" enum:"constant,rising,falling" default:"constant" group:"weights" needs:"class-gamma!=0" label:"Course of the rates by class" help:"How γ goes over the epochs: constant, rising from 0, or falling to 0."`

	// The architecture and its schedule.
	Method         string    `json:"method" enum:"darts,zo,random" default:"darts" group:"architecture" needs:"task=search" label:"Method of the search" help:"How the architecture is found: darts follows the gradient of the validation loss; zo estimates that along one random direction, over a window of the weights' steps (ZO-DARTS+); random trains a random cell's share of the weights in every step, and chooses among random cells (random search with weight sharing), so that nothing is mixed and the architecture has no rate."`
	Candidates     int       `json:"candidates" default:"20" min:"1" max:"1000" unit:"cells" group:"architecture" needs:"method=random" label:"Candidates" help:"Random cells among which each epoch's end chooses the one of least loss, on one batch of the architecture's half."`
	ZOWindow       int       `json:"zo-window" default:"10" min:"1" max:"1000" unit:"steps" group:"architecture" needs:"method=zo" label:"Window of the estimate" help:"Steps of the weights for one of the architecture."`
	ZORadius       float64   `json:"zo-radius" default:"0.005" min:"0" max:"1" group:"architecture" needs:"method=zo" label:"Radius of the estimate" help:"How far the alphas are moved to try a direction, as a share of their norm."`
	ZOFloor        float64   `json:"zo-floor" default:"0.001" min:"0.000001" max:"1" group:"architecture" needs:"method=zo" label:"Least radius of the estimate" help:"The least distance: below a thousandth, rounding drowns the estimate."`
	ZOMomentum     string    `json:"zo-momentum" enum:"matched,none,official" default:"matched" group:"architecture" needs:"method=zo" label:"Momentum of the copy" help:"Momentum with which the copy of the weights begins a window: matched takes the weights' own, none begins at rest; official begins at rest and does what the authors' code does beside: the copy's alphas are trained with it, and the alphas' gradient counts where the weights' is clipped."`
	Mixture        string    `json:"mixture" enum:"softmax,sparsemax,sigmoid" default:"softmax" group:"architecture" needs:"method!=random" label:"Mixture of operations" help:"Weights of an edge's operations: their softmax; sparsemax, which gives some of them no weight at all, so that they are not run; or the sigmoid of each, without competition (FairDARTS)."`
	Temperature    float64   `json:"temperature" default:"1.5" min:"0.01" max:"100" group:"architecture" needs:"mixture=sparsemax" label:"Temperature" help:"Temperature of sparsemax in the first epoch: the colder, the fewer operations have a weight."`
	Cooling        float64   `json:"cooling" default:"0.75" min:"0.01" max:"1" group:"architecture" needs:"mixture=sparsemax" label:"Cooling" help:"Factor of the temperature; 1 keeps it as it is."`
	CoolingEvery   int       `json:"cooling-every" default:"5" min:"1" max:"1000" unit:"epochs" group:"architecture" needs:"mixture=sparsemax" label:"Time between coolings" help:"Epochs after which the temperature is multiplied by the factor."`
	Perturbation   float64   `json:"perturbation" default:"0" min:"0" max:"1" group:"architecture" needs:"mixture=softmax" label:"Perturbation" help:"How far at most each operation's share is moved at random in the weights' step, in the last epoch; it begins with a tenth of that. Weights then do not depend on a share to the last digit (SDARTS-RS has 0.3); 0 is off."`
	ExtraSkip      float64   `json:"extra-skip" default:"0" min:"0" max:"10" group:"architecture" needs:"task=search" label:"Extra skip connection" help:"Weight of one more skip connection on every edge, which has no alpha and is not in the cell that is found: it helps training, so that the one to choose need not (DARTS- has 1); 0 has none."`
	ExtraCourse    string    `json:"extra-course" enum:"falling,constant" default:"falling" group:"architecture" needs:"extra-skip!=0" label:"Course of the extra skip connection" help:"How its weight goes over the epochs: falling to 0, or constant."`
	Part           int       `json:"part" default:"1" min:"1" max:"8" group:"architecture" needs:"task=search" label:"Part of the channels" help:"One channel in so many goes through an edge's operations, the others pass by them, and each edge has a weight of its own: a search takes less time and memory, and alphas that an operation without weights would win by chance count less (PC-DARTS has 4); 1 has all go through."`
	Penalty        string    `json:"penalty" enum:"none,entropy,beta,fair" default:"none" group:"architecture" needs:"method=darts" label:"Penalty on the alphas" help:"Added to the architecture's loss: the entropy of each edge's softmax; beta, the logarithm of its denominator (β-DARTS); fair, which drives each sigmoid to 0 or 1 (FairDARTS)."`
	PenaltyWeight  float64   `json:"penalty-weight" default:"0" min:"-1000" max:"1000" group:"architecture" needs:"penalty!=none" label:"Weight of the penalty" help:"Weight of the penalty; below 0 it is a reward; 0 takes the penalty's own: entropy 0.1, beta 50, fair 10."`
	PenaltyCourse  string    `json:"penalty-course" enum:"constant,rising,falling" default:"constant" group:"architecture" needs:"penalty!=none" label:"Course of the penalty" help:"How its weight goes over the epochs: constant, rising from 0 (as β-DARTS has it), or falling to 0."`
	Steer          string    `json:"steer" default:"" group:"architecture" live:"true" needs:"task=search" label:"Steering" help:"Operations that are forbidden (-) or pinned (+) by hand, everywhere, in a kind of cell or on an edge, as in -skip_connect,+normal:k-1>0:sep_conv_3x3."`
	HessianEvery   int       `json:"hessian-every" default:"0" min:"0" max:"1000" unit:"epochs" group:"architecture" needs:"method!=random" label:"Epochs between eigenvalues" help:"Epochs after which the largest eigenvalue of the architecture loss's second derivatives in the alphas is estimated, for the price of some 24 to 48 passes over a batch; 0 never does."`
	HessianStop    float64   `json:"hessian-stop" default:"0" min:"0" max:"100" group:"architecture" needs:"hessian-every!=0" label:"Stop at a rising eigenvalue" help:"End the search, not before 10 epochs, when the mean of the last five eigenvalues is more than this many times what it was four earlier, whose cells are then the ones to take (Robust DARTS has 1.3); 0 never does."`
	StopSkips      int       `json:"stop-skips" default:"0" min:"0" max:"8" group:"architecture" needs:"task=search" label:"Stop at skip connections" help:"End the search with the epoch whose normal cell has so many skip connections (DARTS+ has 2); 0 never does."`
	KeepSkips      int       `json:"keep-skips" default:"8" min:"0" max:"8" group:"architecture" needs:"task=search" label:"Most skip connections" help:"How many skip connections the chosen normal cell may have: the weakest ones give way to the next best operation (P-DARTS has 2)."`
	FreezeAt       int       `json:"freeze-at" default:"0" min:"0" max:"1000" unit:"epochs" group:"architecture" needs:"task=search" label:"Freeze the architecture" help:"Epochs after which the alphas rest and the weights go on with all training images, in as many steps an epoch: the mixture of operations stays, and is the network that counts (single-stage search); 0 never freezes it."`
	DropBelow      float64   `json:"drop-below" default:"0" min:"0" max:"1" group:"architecture" needs:"freeze-at!=0" label:"Drop operations below" help:"Operations of a lower weight than this are dropped at the freeze, but for the strongest of each edge: they are not run any more, and where shares are of 1, they are divided by what is left; 0 drops none."`
	Order          int       `json:"order" default:"2" min:"1" max:"2" group:"architecture" needs:"method=darts" label:"Order of the architecture gradient" help:"1: gradient at the current weights; 2: unrolled by one step."`
	ArchRate       float64   `json:"arch-rate" default:"0.0003" min:"0" max:"0.1" group:"architecture" live:"true" needs:"method!=random" label:"Peak rate of the architecture" help:"Peak learning rate of the architecture parameters (Adam)."`
	ArchDecay      float64   `json:"arch-decay" default:"0.001" min:"0" max:"0.1" group:"architecture" needs:"method!=random" label:"Weight decay of the alphas" help:"Weight decay of the architecture parameters, coupled."`
	ArchLoss       string    `json:"arch-loss" enum:"mix,uniform,balanced,reverse,drw,logit-adjusted" default:"mix" group:"architecture" needs:"task=search" label:"Loss of the architecture" help:"Loss on the architecture half."`
	ArchSchedule   string    `json:"arch-schedule" default:"parabolic" group:"schedule" live:"true" needs:"method!=random" label:"Family of the architecture rate" help:"Family of the architecture rate over the epochs (HLRS)."`
	ArchParam      float64   `json:"arch-param" default:"0" min:"0" max:"1000" group:"schedule" live:"true" needs:"method!=random" label:"Parameter of the architecture rate" help:"The family's parameter; 0 takes its default."`
	ArchMilestones []float64 `json:"arch-milestones,omitempty" group:"schedule" live:"true" needs:"arch-schedule=step" label:"Milestones of the architecture rate" help:"Epochs at which the step family falls."`
	ArchPoints     string    `json:"arch-points" default:"" group:"schedule" live:"true" needs:"arch-schedule=drawn" label:"Points of the architecture rate" help:"Control points u:m of the drawn family, as in 0:1,0.5:0.8,1:0."`
	ArchFloor      float64   `json:"arch-floor" default:"0" min:"0" max:"1" group:"schedule" live:"true" needs:"method!=random" label:"Lowest share of the peak rate" help:"Lowest share of the peak rate."`
	ArchWarmup     float64   `json:"arch-warmup" default:"0" min:"0" max:"1000" unit:"epochs" group:"schedule" live:"true" needs:"method!=random" label:"Warm-up of the architecture rate" help:"Epochs before the schedule begins, at rate 0."`
	ArchRamp       bool      `json:"arch-ramp" default:"false" group:"schedule" live:"true" needs:"arch-warmup!=0" label:"Rise during the warm-up" help:"Rise linearly during the warm-up instead of waiting at 0."`
	ArchPerStep    bool      `json:"arch-per-step" default:"false" group:"schedule" live:"true" needs:"method!=random" label:"Move at every step" help:"Move the rate at every step instead of every epoch."`
	ArchEqual      string    `json:"arch-equal" enum:"peak,area" default:"peak" group:"schedule" live:"true" needs:"method!=random" label:"Schedules compared at equal" help:"Compare schedules at equal peak, or at equal area (peak divided by the mean)."`
	Mix            string    `json:"mix" default:"parabolic" group:"schedule" live:"true" needs:"branches!=none" label:"Family of the mixing" help:"Family of the branch mixing factor: the weight of the conventional branch."`
	MixParam       float64   `json:"mix-param" default:"0" min:"0" max:"1" group:"schedule" live:"true" needs:"branches!=none" label:"Parameter of the mixing" help:"The mixing family's parameter; 0 takes its default."`
	MixPoints      string    `json:"mix-points" default:"" group:"schedule" live:"true" needs:"mix=drawn" label:"Points of the mixing" help:"Control points u:a of the drawn mixing, as in 0:1,1:0."`

	// Seeds. Each random thing has its own stream, derived from Seed unless set.
	Seed        uint64 `json:"seed" default:"1" group:"seeds" label:"Seed" help:"Seed of everything not given a seed of its own."`
	SubsetSeed  uint64 `json:"subset-seed" default:"0" group:"seeds" label:"Seed of the choice of images" help:"Seed of the choice of images; 0 derives it."`
	ClassSeed   uint64 `json:"class-seed" default:"0" group:"seeds" label:"Seed of the order of classes" help:"Seed of a permutation of the classes along the tail; 0 keeps their order."`
	WeightSeed  uint64 `json:"weight-seed" default:"0" group:"seeds" label:"Seed of the starting weights" help:"Seed of the starting weights, and of the alphas of a search; 0 derives it."`
	SampleSeed  uint64 `json:"sample-seed" default:"0" group:"seeds" label:"Seed of the batches" help:"Seed of the order of batches; 0 derives it."`
	AugmentSeed uint64 `json:"augment-seed" default:"0" group:"seeds" label:"Seed of crops and flips" help:"Seed of crops and flips; 0 derives it."`
}
