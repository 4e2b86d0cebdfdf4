using GracefulKernels.Experiments.Protocol;

namespace GracefulKernels.Experiments.Heterogeneous;

/// <summary>What candidates reach with the weights that they inherit, on images that nothing was trained on; each once, for all rewards.</summary>
/// <remarks>M is the mAP: over so few queries recall@1 has ties.</remarks>
internal sealed class CandidateScores(HvsSetting setting, Supernet supernet)
{
    private readonly ModelEmbeddings _gallery = setting.Search.Embed("gallery", setting.Gallery);
    private readonly Dictionary<ResidualCandidate, (RetrievalScores Own, RetrievalScores Cross)> _known = [];

    /// <summary>M(q,q) and M(q,g) by mAP.</summary>
    public QueryScores Of(ResidualCandidate candidate)
    {
        (RetrievalScores own, RetrievalScores cross) = Both(candidate);
        return new QueryScores(own.Precision / 100, cross.Precision / 100);
    }

    /// <summary>All scores.</summary>
    public (RetrievalScores Own, RetrievalScores Cross) Both(ResidualCandidate candidate)
    {
        if (_known.TryGetValue(candidate, out (RetrievalScores, RetrievalScores) scores)) return scores;
        Network network = supernet.Inherit(candidate);
        ModelEmbeddings query = setting.Search.Embed($"{candidate}", images => network.Predict(images.Images, images.Count));
        scores = (setting.Search.Measure(query, query, setting.Gallery.Device), setting.Search.Measure(query, _gallery, setting.Gallery.Device));
        _known.Add(candidate, scores);
        return scores;
    }
}
