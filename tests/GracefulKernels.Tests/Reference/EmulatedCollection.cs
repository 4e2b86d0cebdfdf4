namespace GracefulKernels.Tests;

/// <summary>Tests on ILGPU's simulation, which takes a thread of the system for each of a group's: hundreds at a time, so after the others and one class at a time.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EmulatedCollection
{
    public const string Name = "emulated";
}
