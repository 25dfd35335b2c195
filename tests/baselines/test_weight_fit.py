from mswal_bench.baselines.weight_fit import WeightFit


def test_as_a_sentence():
    fit = WeightFit({"a": 9_000, "b": 985}, {"out": 10}, {"c": 5}, ("d", "e"))
    assert str(fit) == (
        "9,985 of 10,000 parameters begin as trained (99.85 %); new are the 10 of the output layer and 5 in 1 tensor "
        "not found there in this shape; 2 tensors of the trained weights found no place"
    )


def test_a_whole_fit_says_no_more():
    fit = WeightFit({"a": 90}, {"out": 10}, {}, ())
    assert str(fit) == "90 of 100 parameters begin as trained (90.00 %); new are the 10 of the output layer"
