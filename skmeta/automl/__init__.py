"""The estimators inside AutoML toolkits: one file a toolkit, one line to use.

::

    from skmeta.automl import flaml

    flaml.add_learners(automl)           # then estimator_list=["skmeta", "lgbm"]
    tpot.search_space("classifiers")     # a node for any pipeline search space
    autogluon.register()                 # then hyperparameters={"SKMETA": {}}
    sklearn.distributions(estimator)     # for RandomizedSearchCV
    optuna.suggest(trial, estimator)     # parameters for a trial

A toolkit is imported when its file is. What there is to search is said once, in
:mod:`skmeta.automl.settings`: nothing is trained, so settings are those of reading and answering.
"""
