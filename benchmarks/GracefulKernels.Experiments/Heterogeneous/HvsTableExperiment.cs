using System.Diagnostics;
using System.Globalization;
using GracefulKernels.Experiments.Protocol;
using GracefulKernels.Experiments.Results;

namespace GracefulKernels.Experiments.Heterogeneous;

/// <summary>
/// <c>hvs-table</c>: small query networks over the gallery of a large one, designed by hand and found by search, trained alike through the gallery's frozen classifier (Duggal et al. 2021, tables 1 to 3).
/// </summary>
internal static class HvsTableExperiment
{
    public const string GalleryKind = "gallery", ByHandKind = "by hand";

    public static readonly QueryReward[] Rewards = [QueryReward.Homogeneous, QueryReward.Heterogeneous, QueryReward.Product];

    public static void Run(ExperimentSettings settings)
    {
        ResultsFile results = new(
            settings.File("hvs-table.csv"), 2, "kind", "network", "MACs", "parameters", "q/g recall@1", "q/q recall@1", "q/g mAP", "q/q mAP", "rule by recall@1", "rule by mAP", "seconds");
        ResultsFile searched = new(settings.File("hvs-search.csv"), 3, "reward", "generation", "network", "MACs", "q/q recall@1", "q/g recall@1", "q/q mAP", "q/g mAP");
        ResidualCandidate[] hand = settings.Quick ? HvsSetting.ByHand[..2] : HvsSetting.ByHand;
        bool complete = hand.All(c => results.Has(ByHandKind, c)) && Rewards.All(r => results.Rows.Any(row => row["kind"] == Kind(r)));
        if (!settings.IsLate && !complete) Fill(settings, results, searched, hand);
        HvsSummary.Show(settings, results, searched);
    }

    public static string Kind(QueryReward reward) => reward switch
    {
        QueryReward.Homogeneous => "search R1",
        QueryReward.Heterogeneous => "search R2",
        _ => "search R3",
    };

    private static void Fill(ExperimentSettings settings, ResultsFile results, ResultsFile searched, ResidualCandidate[] hand)
    {
        long started = Stopwatch.GetTimestamp();
        HvsSetting setting = HvsSetting.Create(settings);
        ModelEmbeddings gallery = setting.Test.Embed(GalleryKind, setting.Gallery);
        if (!results.Has(GalleryKind, GalleryKind)) Add(GalleryKind, GalleryKind, setting.Gallery.MultiplyAccumulates, setting.Gallery.Parameters.Count, gallery);
        foreach (ResidualCandidate candidate in hand) Candidate(ByHandKind, candidate);
        if (settings.IsLate || Rewards.All(r => results.Rows.Any(row => row["kind"] == Kind(r)))) return;
        CandidateScores scores = new(setting, setting.TrainSupernet(settings));
        foreach (QueryReward reward in Rewards)
        {
            if (settings.IsLate || results.Rows.Any(row => row["kind"] == Kind(reward))) continue;
            EvolutionResult result = EvolutionarySearch.Run(
                setting.Family, scores.Of,
                new EvolutionOptions
                {
                    Reward = reward, MaxMultiplyAccumulates = HvsSetting.Budget, Seed = 7, Population = settings.Quick ? 4 : 12, Generations = settings.Quick ? 2 : 6,
                },
                cancellation: settings.Cancellation);
            foreach (SearchedCandidate v in result.Visited)
            {
                (RetrievalScores own, RetrievalScores cross) = scores.Both(v.Candidate);
                if (!searched.Has(Kind(reward), v.Generation, v.Candidate)) searched.Add(Kind(reward), v.Generation, v.Candidate, v.MultiplyAccumulates, own.Recall, cross.Recall, own.Precision, cross.Precision);
            }
            settings.Say($"{Kind(reward)}: {result.Best.Candidate} of {result.Visited.Count}, q/q {result.Best.Scores.QueryQuery:F3}, q/g {result.Best.Scores.QueryGallery:F3}");
            Candidate(Kind(reward), result.Best.Candidate);
        }

        void Candidate(string kind, ResidualCandidate candidate)
        {
            settings.Cancellation.ThrowIfCancellationRequested();
            if (settings.IsLate || results.Has(kind, candidate)) return;
            started = Stopwatch.GetTimestamp();
            Network query = setting.TrainThroughGallery(candidate);
            Add(kind, candidate, setting.Family.MultiplyAccumulates(candidate), setting.Family.Parameters(candidate), setting.Test.Embed($"{candidate}", images => query.Predict(images.Images, images.Count)));
        }

        void Add(string kind, object network, long cost, long parameters, ModelEmbeddings query)
        {
            RetrievalScores cross = setting.Test.Measure(query, gallery, settings.Device), own = kind == GalleryKind ? cross : setting.Test.Measure(query, query, settings.Device);
            results.Add(
                kind, network, cost, parameters, cross.Recall, own.Recall, cross.Precision, own.Precision,
                Rule(kind, own.Recall, cross.Recall), Rule(kind, own.Precision, cross.Precision), Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds));
            settings.Say(string.Create(CultureInfo.InvariantCulture, $"{kind} {network}, {cost / 1e6:F2} M: recall@1 q/g {cross.Recall:F1}, q/q {own.Recall:F1}; mAP {cross.Precision:F1}, {own.Precision:F1}"));
        }

        static string Rule(string kind, double own, double cross) => kind == GalleryKind ? "–" : new QueryScores(own, cross).MeetsRule ? "met" : "missed";
    }
}
