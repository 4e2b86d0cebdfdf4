using System.CommandLine;
using GracefulKernels.Experiments.Conditioning;
using GracefulKernels.Experiments.Ablation;
using GracefulKernels.Experiments.CongruenceTable;
using GracefulKernels.Experiments.BackwardCompatible;
using GracefulKernels.Experiments.Heterogeneous;
using GracefulKernels.Experiments.LqfTable;
using GracefulKernels.Experiments.Unlearning;

namespace GracefulKernels.Experiments;

/// <summary>One command an experiment; each writes a CSV and pictures into its folder and goes on where a run before it was stopped.</summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        RootCommand root = new("Graceful updates on real data: one command an experiment.")
        {
            ExperimentCommand.Create("lqf-table", "LQF beside ordinary fine-tuning and other linear methods, from 1 to 500 samples a class.", LqfTableExperiment.Run),
            ExperimentCommand.Create("lqf-ablation", "LQF without its squared loss, its preconditioner and its leaky ReLU, each alone.", AblationExperiment.Run),
            ExperimentCommand.Create("conditioning", "Condition numbers and PCG iterations of each preconditioner.", ConditioningExperiment.Run),
            ExperimentCommand.Create("unlearning", "Removal of 1, 10 and 100 samples in closed form, beside a refit.", UnlearningExperiment.Run),
            ExperimentCommand.Create("pc-table", "Error and negative flips of a new model under every treatment.", CongruenceTableExperiment.Run),
            ExperimentCommand.Create("bct-table", "A new model over an old one's gallery: with and without the influence loss, and by rows of a least-squares problem.", BctTableExperiment.Run),
            ExperimentCommand.Create("hvs-table", "Small query networks, by hand and by search, over a large network's gallery.", HvsTableExperiment.Run),
        };
        return root.Parse(args).Invoke();
    }
}
